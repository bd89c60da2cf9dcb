/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a request target to the path of a file. Pure.
 */
#ifndef WEB_TARGET_H
#define WEB_TARGET_H

#include <stddef.h>

/* Room for the longest decoded path with its NUL; longer ones are refused with 414. */
#define TARGET_PATH_MAX 512u

/*
 * Decodes the target of `length` bytes at `target` (visible ASCII, as http_parse leaves it) into
 * `path`, NUL-terminated: origin-form or absolute-form with the scheme http (RFC 9112 section 3.2),
 * the query cut off. Returns 0, or the HTTP status of the refusal: 400 for any other form, a '%'
 * without two hexadecimal digits, an encoded '/', '\\' or control character, a "." or ".." segment
 * however encoded; 414 for a path that does not fit. `path` is undefined after a refusal.
 *
 * So a path that is returned starts with '/', never leaves the tree and has one reading only.
 */
unsigned target_decode(const char *target, size_t length, char path[TARGET_PATH_MAX]);

#endif
