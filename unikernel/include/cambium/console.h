/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The domain's console: a ring that the control domain drains; for whoever holds CAP_CONSOLE and has no ring, the serial
 * port. Standard output and error end here.
 */
#ifndef CAMBIUM_CONSOLE_H
#define CAMBIUM_CONSOLE_H

#include <stddef.h>

/* Writes @len bytes. When ring and backlog are full, a thread waits as long as the drainer makes progress; when it makes
 * none for a tenth of a second, or in a callback, the oldest unwritten bytes are dropped and counted. */
void console_write(const void *bytes, size_t len);

/* Waits, but not for ever, until all is in the ring (where it survives the domain). */
void console_flush(void);

/* Takes up to @len input bytes without waiting. Returns how many. */
size_t console_read(void *bytes, size_t len);

/* The same as console_write, of a NUL-terminated text. */
void console_puts(const char *text);

#endif
