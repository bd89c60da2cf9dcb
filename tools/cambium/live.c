/* SPDX-License-Identifier: BSD-2-Clause */
/* Conversations of several requests. */
#include "live.h"

#include <abi/rules.h>
#include <base/sha256.h>
#include <stdlib.h>
#include <string.h>

#include "pack.h"

#define DATA_HEAD ((uint32_t)offsetof(struct manage_data, bytes))

bool live_status(struct serial *serial, struct manage_status *status)
{
	struct manage_message answer;

	if (!serial_ask(serial, MANAGE_STATUS, NULL, 0, sizeof *status, &answer))
		return false;
	memcpy(status, answer.payload, sizeof *status);
	return true;
}

void *live_table(struct serial *serial, size_t *len)
{
	struct manage_message answer;
	uint8_t *table = NULL;
	size_t room = 0;

	*len = 0;
	for (;;) {
		struct manage_read read = {.offset = (uint32_t)*len};
		uint32_t more;

		if (!serial_ask(serial, MANAGE_READ, &read, sizeof read, DATA_HEAD, &answer))
			break;
		more = answer.length - DATA_HEAD;
		if (more == 0)
			return table;
		if (*len + more > room) {
			room = room ? 2 * room : 65536;
			table = realloc(table, room);
			if (!table)
				abort();
		}
		memcpy(table + *len, answer.payload + DATA_HEAD, more);
		*len += more;
	}
	free(table);
	*len = 1;
	return NULL;
}

int live_iface(struct serial *serial, const char *name)
{
	struct manage_message answer;

	if (name[0] >= '0' && name[0] <= '9')
		return atoi(name) < (int)RULES_IF_COUNT ? atoi(name) : (int)RULES_IF_COUNT;
	for (unsigned i = 0; i < RULES_IF_COUNT; i++) {
		struct manage_read read = {
			.offset = (uint32_t)(sizeof(struct rules_header) + i * sizeof(struct rules_iface))};
		struct rules_iface iface;

		if (!serial_ask(serial, MANAGE_READ, &read, sizeof read, DATA_HEAD + sizeof iface, &answer))
			return -1;
		memcpy(&iface, answer.payload + DATA_HEAD, sizeof iface);
		if (iface.kind != RULES_IF_NONE && !strncmp(iface.name, name, sizeof iface.name))
			return (int)i;
	}
	snprintf(serial->why, sizeof serial->why, "the policy in force names no interface `%s`", name);
	return -1;
}

static void sha256_of(const void *bytes, size_t len, uint8_t digest[SHA256_LEN])
{
	struct sha256 state;

	sha256_init(&state);
	sha256_update(&state, bytes, len);
	sha256_final(&state, digest);
}

bool live_load(struct serial *serial, const void *table, size_t len, uint32_t confirm_seconds)
{
	struct manage_begin begin = {.bytes = (uint32_t)len};
	struct manage_commit commit = {.confirm_seconds = confirm_seconds};
	struct manage_message answer;

	sha256_of(table, len, begin.sha256);
	memcpy(commit.sha256, begin.sha256, sizeof commit.sha256);
	if (!serial_ask(serial, MANAGE_BEGIN, &begin, sizeof begin, 0, &answer))
		return false;
	for (size_t at = 0; at < len;) {
		struct manage_data data = {.offset = (uint32_t)at};
		uint32_t packed = pack_piece(table, len, &at, data.bytes);

		if (!serial_ask(serial, MANAGE_PACKED, &data, DATA_HEAD + packed, 0, &answer))
			return false;
	}
	return serial_ask(serial, MANAGE_COMMIT, &commit, sizeof commit, 0, &answer);
}
