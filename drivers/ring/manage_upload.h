/* SPDX-License-Identifier: BSD-2-Clause */
/* A policy that comes in pieces (abi/manage.h): BEGIN, DATA, COMMIT. Pure; the memory is the caller's. */
#ifndef CAMBIUM_RING_MANAGE_UPLOAD_H
#define CAMBIUM_RING_MANAGE_UPLOAD_H

#include <abi/manage.h>
#include <base/sha256.h>
#include <stdbool.h>

struct upload {
	uint8_t *bytes; /* NULL: nothing is coming */
	uint32_t size, got;
	uint8_t sha256[SHA256_LEN];
	struct sha256 hash; /* of the bytes that are there */
};

/* NULL: @begin asks for what there may be; else what is wrong. */
const char *upload_fault(const struct manage_begin *begin);

/* Begins with @begin, which has no fault, in the begin->bytes bytes at @memory. */
void upload_begin(struct upload *upload, void *memory, const struct manage_begin *begin);

/* Takes the @len bytes of a piece; what is there already is taken once. NULL, or why it is refused. */
const char *upload_add(struct upload *upload, uint32_t offset, const uint8_t *bytes, uint32_t len);

/* The same with a packed piece; one that was taken already, at its offset, is passed over. */
const char *upload_unpack(struct upload *upload, uint32_t offset, const uint8_t *bytes, uint32_t len);

/* NULL: everything is there, and is what BEGIN and @sha256 say; else what is wrong. */
const char *upload_finish(const struct upload *upload, const uint8_t sha256[SHA256_LEN]);

#endif
