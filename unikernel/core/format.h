/* SPDX-License-Identifier: BSD-2-Clause */
/* A printf for places that cannot afford one: no heap, no locale, no lock, little stack. */
#ifndef UNIKERNEL_CORE_FORMAT_H
#define UNIKERNEL_CORE_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/*
 * Writes @format to @out, cut to @size - 1 bytes and always NUL-terminated (@size > 0). Returns how many bytes stand
 * there. Knows %s %c %% %d %u %x %p, with l, ll, z, and a width, zero-padded (%016lx) or not; anything else is copied.
 */
size_t format_list(char *out, size_t size, const char *format, va_list list) __attribute__((format(printf, 3, 0)));
size_t format_text(char *out, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
