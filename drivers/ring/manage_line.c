/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The invariant: the bytes kept are the beginning of a possible frame, so that the true beginning of one is never thrown
 * away with what stood before it.
 */
#include <base/sha256.h>
#include <string.h>

#include "manage_line.h"

static uint32_t check_of(const struct manage_frame *head, const uint8_t *payload)
{
	const uint32_t skip = offsetof(struct manage_frame, kind);
	uint8_t digest[SHA256_LEN];
	struct sha256 state;
	uint32_t check;

	sha256_init(&state);
	sha256_update(&state, (const uint8_t *)head + skip, sizeof(*head) - skip);
	sha256_update(&state, payload, head->length);
	sha256_final(&state, digest);
	memcpy(&check, digest, sizeof(check));
	return check;
}

/* Drops the first @count bytes. */
static void drop(struct manage_line *line, uint32_t count)
{
	line->len -= count;
	memmove(line->bytes, line->bytes + count, line->len);
}

/* Drops what cannot be the beginning of a frame. */
static void align(struct manage_line *line)
{
	static const uint8_t magic[4] = {'C', 'M', 'B', 'M'};
	uint32_t at = 0;

	while (at < line->len) {
		uint32_t rest = line->len - at;

		if (memcmp(line->bytes + at, magic, rest < sizeof(magic) ? rest : sizeof(magic)) == 0)
			break;
		at++;
	}
	line->skipped += at;
	drop(line, at);
}

enum state { INCOMPLETE, WHOLE, DAMAGED };

/* What the bytes kept are; *@wanted: how many make the next step. */
static enum state look(const struct manage_line *line, uint32_t *wanted)
{
	struct manage_frame head;

	*wanted = sizeof(head);
	if (line->len < sizeof(head))
		return INCOMPLETE;
	memcpy(&head, line->bytes, sizeof(head));
	if (head.length > MANAGE_PAYLOAD_MAX)
		return DAMAGED;
	*wanted = (uint32_t)sizeof(head) + head.length;
	if (line->len < *wanted)
		return INCOMPLETE;
	return check_of(&head, line->bytes + sizeof(head)) == head.check ? WHOLE : DAMAGED;
}

/* Takes the whole frame of @size bytes out. */
static void take(struct manage_line *line, uint32_t size, struct manage_message *message)
{
	struct manage_frame head;

	memcpy(&head, line->bytes, sizeof(head));
	*message = manage_message_of(head.kind, head.id, line->bytes + sizeof(head), head.length);
	drop(line, size);
}

bool manage_line_feed(struct manage_line *line, const uint8_t *bytes, size_t len, size_t *used,
		      struct manage_message *message)
{
	*used = 0;
	for (;;) {
		uint32_t wanted, more;

		align(line);
		switch (look(line, &wanted)) {
		case WHOLE: take(line, wanted, message); return true;
		case DAMAGED:
			line->damaged++;
			line->skipped++;
			drop(line, 1);
			continue;
		case INCOMPLETE: break;
		}
		if (*used == len)
			return false;
		more = wanted - line->len;
		if (more > len - *used)
			more = (uint32_t)(len - *used);
		memcpy(line->bytes + line->len, bytes + *used, more);
		line->len += more;
		*used += more;
	}
}

bool manage_line_silence(struct manage_line *line)
{
	bool begun = line->len > 0;

	line->skipped += line->len;
	line->len = 0;
	return begun;
}

uint32_t manage_line_write(const struct manage_message *message, uint8_t frame[MANAGE_FRAME_MAX])
{
	struct manage_frame head = {
		.magic = MANAGE_MAGIC, .kind = message->kind, .id = message->id, .length = message->length};

	head.check = check_of(&head, message->payload);
	memcpy(frame, &head, sizeof(head));
	memcpy(frame + sizeof(head), message->payload, head.length);
	return (uint32_t)sizeof(head) + head.length;
}

const char *manage_request_fault(const struct manage_message *message)
{
	uint32_t least = 0, most;

	switch (message->kind) {
	case MANAGE_STATUS: break;
	case MANAGE_BEGIN: least = sizeof(struct manage_begin); break;
	case MANAGE_DATA:
	case MANAGE_PACKED: least = offsetof(struct manage_data, bytes) + 1; break;
	case MANAGE_COMMIT: least = sizeof(struct manage_commit); break;
	case MANAGE_CONFIRM: least = sizeof(struct manage_confirm); break;
	case MANAGE_READ: least = sizeof(struct manage_read); break;
	case MANAGE_QUERY: least = sizeof(struct manage_query); break;
	case MANAGE_CAPTURE: least = sizeof(struct manage_capture); break;
	default: return "no such request: are command and machine of one version?";
	}
	most = least == offsetof(struct manage_data, bytes) + 1 ? (uint32_t)sizeof(struct manage_data) : least;
	if (message->length < least || message->length > most)
		return "the request has a wrong length: are command and machine of one version?";
	return NULL;
}

struct manage_message manage_message_of(uint32_t kind, uint32_t id, const void *payload, uint32_t length)
{
	struct manage_message message = {.kind = kind, .id = id, .length = length};

	if (length > 0)
		memcpy(message.payload, payload, length);
	return message;
}

struct manage_message manage_error(uint32_t id, const char *why)
{
	uint32_t length = 0;

	while (why[length] && length < MANAGE_PAYLOAD_MAX)
		length++;
	return manage_message_of(MANAGE_ERROR, id, why, length);
}
