/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of incomplete datagrams counted from scratch, for its tests and its fuzz target. */
#ifndef CAMBIUM_TESTS_NET_FRAGMENT_RECOUNT_H
#define CAMBIUM_TESTS_NET_FRAGMENT_RECOUNT_H

#include "net/core/fragment.h"

/* Fails where @t breaks an invariant or a bound, or says something of itself that is not so. */
void fragment_recount(const struct fragment_table *t);

#endif
