/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text put together in a buffer of fixed size. What does not fit is cut off and `cut` is set;
 * nothing is ever written beyond `size`. There is no terminating NUL.
 */
#ifndef WEB_TEXT_H
#define WEB_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
	char *to;
	size_t size;
	size_t length;
	bool cut;
};

/* Adds `length` bytes. */
static inline void text_bytes(struct text *text, const void *from, size_t length)
{
	size_t room = text->size - text->length;

	if (length > room) {
		text->cut = true;
		length = room;
	}
	if (length != 0)
		memcpy(text->to + text->length, from, length);
	text->length += length;
}

/* Adds a NUL-terminated string. */
static inline void text_string(struct text *text, const char *from)
{
	text_bytes(text, from, strlen(from));
}

/* Adds a number in decimal, with zeros in front up to `width` digits. */
static inline void text_number(struct text *text, uint64_t number, unsigned width)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number != 0);
	while (sizeof(digits) - at < width && at > 0)
		digits[--at] = '0';
	text_bytes(text, digits + at, sizeof(digits) - at);
}

#endif
