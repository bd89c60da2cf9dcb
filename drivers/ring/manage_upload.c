/* SPDX-License-Identifier: BSD-2-Clause */
/* Pieces come in order; a gap is refused, so that `got` tells all that is there. */
#include "manage_upload.h"

#include <string.h>

const char *upload_fault(const struct manage_begin *begin)
{
	if (begin->bytes == 0 || begin->bytes > MANAGE_POLICY_MAX)
		return "a policy has at least one byte and at most 16 MiB";
	return begin->reserved0 ? "a reserved field is not zero" : NULL;
}

void upload_begin(struct upload *upload, void *memory, const struct manage_begin *begin)
{
	*upload = (struct upload){.bytes = memory, .size = begin->bytes};
	memcpy(upload->sha256, begin->sha256, sizeof(upload->sha256));
	sha256_init(&upload->hash);
}

const char *upload_add(struct upload *upload, uint32_t offset, const uint8_t *bytes, uint32_t len)
{
	if (!upload->bytes)
		return "no policy was begun: load it again from its start";
	if (offset > upload->got)
		return "a piece is missing before this one: load it again from its start";
	if (len > upload->size || offset > upload->size - len)
		return "more bytes than the policy was said to have";
	if (upload->got - offset >= len)
		return NULL;
	bytes += upload->got - offset;
	len -= upload->got - offset;
	memcpy(upload->bytes + upload->got, bytes, len);
	sha256_update(&upload->hash, bytes, len);
	upload->got += len;
	return NULL;
}

/* One step of a packed piece at @bytes, of which @len are left: what it takes and what it makes. False: it is none. */
static bool step_read(const uint8_t *bytes, uint32_t len, uint32_t *takes, uint32_t *makes, uint32_t *back)
{
	bool is_match = bytes[0] >= 128;

	*makes = is_match ? bytes[0] - 128u + MANAGE_MATCH_MIN : bytes[0] + 1u;
	*takes = is_match ? 3 : 1 + *makes;
	*back = 0;
	if (*takes > len)
		return false;
	if (is_match)
		*back = bytes[1] | (uint32_t)bytes[2] << 8;
	return !is_match || *back > 0;
}

const char *upload_unpack(struct upload *upload, uint32_t offset, const uint8_t *bytes, uint32_t len)
{
	uint32_t at = upload->got, takes, makes, back;

	if (!upload->bytes)
		return "no policy was begun: load it again from its start";
	if (offset > upload->got)
		return "a piece is missing before this one: load it again from its start";
	if (offset < upload->got)
		return NULL;
	for (; len > 0; bytes += takes, len -= takes, at += makes) {
		if (!step_read(bytes, len, &takes, &makes, &back) || back > at)
			return "a packed piece that makes no sense: are command and machine of one version?";
		if (makes > upload->size - at || at + makes - offset > MANAGE_UNPACKED_MAX)
			return "more bytes than the policy was said to have, or than a piece may make";
		for (uint32_t i = 0; i < makes; i++)
			upload->bytes[at + i] = back ? upload->bytes[at + i - back] : bytes[1 + i];
	}
	sha256_update(&upload->hash, upload->bytes + upload->got, at - upload->got);
	upload->got = at;
	return NULL;
}

const char *upload_finish(const struct upload *upload, const uint8_t sha256[SHA256_LEN])
{
	struct sha256 hash = upload->hash;
	uint8_t digest[SHA256_LEN];

	if (!upload->bytes)
		return "no policy was begun: load it again from its start";
	if (upload->got < upload->size)
		return "pieces are missing at the end: load it again from its start";
	sha256_final(&hash, digest);
	if (memcmp(digest, upload->sha256, sizeof(digest)) != 0 || memcmp(digest, sha256, sizeof(digest)) != 0)
		return "its SHA-256 is another: it was damaged on the way, load it again";
	return NULL;
}
