/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CHECK(): our own mistakes, always compiled in. It never has an effect of its own and nothing that a guest
 * or a peer can influence is ever CHECKed. Whoever links a pure core supplies panic_at().
 */
#ifndef CAMBIUM_BASE_CHECK_H
#define CAMBIUM_BASE_CHECK_H

_Noreturn void panic_at(const char *file, int line, const char *what);

#define CHECK(c) ((c) ? (void)0 : panic_at(__FILE__, __LINE__, #c))

#endif
