// SPDX-License-Identifier: BSD-2-Clause
/*
 * Decoding of request targets. Each byte is decoded once, and segments are judged after decoding,
 * so that no second decoding can turn a harmless path into another one.
 */
#include "target.h"

#include <stdbool.h>
#include <string.h>

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The byte that the escape at `at` stands for, or -1 if it is none or stands for a bad one. */
static int unescape(const char *target, size_t at, size_t length)
{
	int high, low, byte;

	if (length - at < 3)
		return -1;
	high = hex_value(target[at + 1]);
	low = hex_value(target[at + 2]);
	if (high < 0 || low < 0)
		return -1;
	byte = high * 16 + low;
	if (byte < 0x20 || byte == 0x7f || byte == '/' || byte == '\\')
		return -1;
	return byte;
}

/* Whether the segment that ends at `end` of `path` is "." or "..". */
static bool ends_in_dots(const char *path, size_t end)
{
	size_t dots = 0;

	while (end - dots > 0 && path[end - dots - 1] == '.')
		dots++;
	return (dots == 1 || dots == 2) && end - dots > 0 && path[end - dots - 1] == '/';
}

/* How many bytes of an absolute-form target stand before its path; 0 if it is not one. */
static size_t authority_length(const char *target, size_t length)
{
	static const char scheme[] = "http://";
	size_t at;

	for (at = 0; at < sizeof(scheme) - 1; at++)
		if (at == length || (target[at] | ('A' ^ 'a')) != (scheme[at] | ('A' ^ 'a')))
			return 0;
	while (at < length && target[at] != '/' && target[at] != '?')
		at++;
	return at == sizeof(scheme) - 1 ? 0 : at;
}

unsigned target_decode(const char *target, size_t length, char path[TARGET_PATH_MAX])
{
	size_t at = authority_length(target, length);
	size_t used = 0;

	/* "http://host" and "http://host?query" mean the root. */
	if (at != 0 && (at == length || target[at] == '?'))
		path[used++] = '/';
	else if (at == length || target[at] != '/')
		return 400;

	while (at < length && target[at] != '?') {
		int byte = (unsigned char)target[at];

		if (byte == '\\')
			return 400;
		if (byte == '/' && ends_in_dots(path, used))
			return 400;
		if (byte == '%') {
			byte = unescape(target, at, length);
			if (byte < 0)
				return 400;
			at += 2;
		}
		at++;
		if (used == TARGET_PATH_MAX - 1)
			return 414;
		path[used++] = (char)byte;
	}
	if (ends_in_dots(path, used))
		return 400;
	path[used] = '\0';
	return 0;
}
