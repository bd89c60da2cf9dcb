/* SPDX-License-Identifier: BSD-2-Clause */
/* Names in fixed, zero-padded fields, as plan and bundle carry them: checked once, compared ever after. */
#ifndef CAMBIUM_CONTROL_NAME_H
#define CAMBIUM_CONTROL_NAME_H

#include <base/bits.h>

/* True when the @size bytes at @name hold a name of 1..size-1 characters out of a-z 0-9 - _ . and then only zeros. */
static inline bool name_valid(const char *name, uint32_t size)
{
	uint32_t n = 0;

	for (; n < size && name[n]; n++) {
		char c = name[n];
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'))
			return false;
	}
	if (n == 0 || n == size)
		return false;
	for (; n < size; n++)
		if (name[n])
			return false;
	return true;
}

/* True when the two NUL-terminated names are the same. */
static inline bool name_equal(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

/* Copies the NUL-terminated @from into the @size bytes at @to, cut where it is too long, padded with zeros. */
static inline void name_copy(char *to, uint32_t size, const char *from)
{
	uint32_t n = 0;

	for (; n + 1 < size && from[n]; n++)
		to[n] = from[n];
	for (; n < size; n++)
		to[n] = 0;
}

#endif
