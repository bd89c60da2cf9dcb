/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file tree that is linked into the image: what tools/embed writes and the server reads.
 *
 * Everything here is constant data of the image; nobody owns it and nobody frees it.
 */
#ifndef WEB_FILES_H
#define WEB_FILES_H

#include <stddef.h>
#include <stdint.h>

/*
 * One file. `path` is absolute within the tree, starts with '/', has no empty, "." or ".." segment
 * and is unique. `data` points to `length` bytes (to one unused byte if `length` is 0). `hash` is
 * the 64-bit FNV-1a of the data (Fowler, Noll and Vo) and serves as the entity tag.
 */
struct web_file {
	const char *path;
	const unsigned char *data;
	size_t length;
	uint64_t hash;
};

/* The tree, sorted by strcmp of the paths, so that it can be searched by halving. */
extern const struct web_file web_files[];
extern const unsigned web_file_count;

#endif
