/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes on the management line: frames come out of them or not, and what is a piece of a policy is taken or refused. */
#include <base/bits.h>
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include <drivers/ring/manage_line.h>
#include <drivers/ring/manage_upload.h>

#include "fuzz.h"

#define POLICY_BYTES 3000u

static void take(struct upload *upload, uint8_t *memory, const struct manage_message *m)
{
	struct manage_begin begin;
	struct manage_data data;
	const uint32_t head = offsetof(struct manage_data, bytes);

	cr_assert(m->length <= MANAGE_PAYLOAD_MAX);
	if (manage_request_fault(m))
		return;
	if (m->kind == MANAGE_BEGIN) {
		memcpy(&begin, m->payload, sizeof begin);
		if (!upload_fault(&begin) && begin.bytes <= POLICY_BYTES)
			upload_begin(upload, memory, &begin);
	}
	if (m->kind == MANAGE_DATA || m->kind == MANAGE_PACKED) {
		memcpy(&data, m->payload, m->length);
		if (m->kind == MANAGE_DATA)
			upload_add(upload, data.offset, data.bytes, m->length - head);
		else
			upload_unpack(upload, data.offset, data.bytes, m->length - head);
		cr_assert(upload->got <= upload->size);
	}
	if (m->kind == MANAGE_COMMIT)
		upload_finish(upload, m->payload);
}

/* As a line, and, since a check is hard to guess, as one message that came whole. */
static void run(const uint8_t *bytes, size_t len)
{
	static struct manage_line line;
	uint8_t *memory = malloc(POLICY_BYTES);
	struct upload upload = {0};
	struct manage_message m;
	size_t used;

	memset(&line, 0, sizeof line);
	for (const uint8_t *at = bytes; manage_line_feed(&line, at, len - (size_t)(at - bytes), &used, &m); at += used)
		take(&upload, memory, &m);
	if (len > 3) {
		uint32_t length = (uint32_t)(len - 3 < MANAGE_PAYLOAD_MAX ? len - 3 : MANAGE_PAYLOAD_MAX);
		struct manage_begin begin = {.bytes = 1 + (bytes[0] | bytes[1] << 8) % POLICY_BYTES};

		upload_begin(&upload, memory, &begin);
		m = manage_message_of(bytes[2] % 10, 1, bytes + 3, length);
		take(&upload, memory, &m);
	}
	manage_line_silence(&line);
	free(memory);
}

static size_t seed(unsigned n, uint8_t *out)
{
	struct manage_begin begin = {.bytes = 600};
	static const uint8_t packed[] = {0, 0, 0, 0, 3, 'a', 'b', 'c', 'd', 255, 4, 0, 200, 1, 0};
	struct manage_message messages[] = {
		manage_message_of(MANAGE_STATUS, 1, NULL, 0),
		manage_message_of(MANAGE_BEGIN, 2, &begin, sizeof begin),
		manage_message_of(MANAGE_PACKED, 3, packed, sizeof packed),
		manage_message_of(MANAGE_DATA, 4, packed, sizeof packed),
	};
	size_t len = 0;

	if (n > 2)
		return 0;
	if (n == 2) {
		static const uint8_t plain[] = {200, 0, MANAGE_DATA, 0, 0, 0, 0, 'a', 'b', 'c'};

		memcpy(out, plain, sizeof plain);
		return sizeof plain;
	}
	if (n == 1) {
		static const uint8_t whole[] = {200, 0, MANAGE_PACKED};

		memcpy(out, whole, sizeof whole);
		memcpy(out + sizeof whole, packed, sizeof packed);
		return sizeof whole + sizeof packed;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(messages); i++)
		len += manage_line_write(&messages[i], out + len);
	return len;
}

const struct fuzz_target fuzz_manage = {"manage", run, seed, 2048};
