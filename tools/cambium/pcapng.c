/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks are built in order: type, length, body with options, length again; all padded to four bytes. */
#include "pcapng.h"

#include <string.h>

#define SECTION 0x0a0d0d0au
#define INTERFACE 1u
#define STATISTICS 5u
#define PACKET 6u
#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define LINK_ETHERNET 1u

#define OPTION_IF_NAME 2u
#define OPTION_IF_TSRESOL 9u
#define OPTION_FLAGS 2u
#define OPTION_IFDROP 5u
#define INBOUND 1u
#define OUTBOUND 2u
#define NANOSECONDS 9u

struct block {
	uint32_t words[128]; /* but a frame's own bytes */
	uint32_t count;
};

static void word(struct block *b, uint32_t value)
{
	b->words[b->count++] = value;
}

static void time_put(struct block *b, uint64_t when_ns)
{
	word(b, (uint32_t)(when_ns >> 32));
	word(b, (uint32_t)when_ns);
}

static void option(struct block *b, uint32_t code, const void *value, uint32_t len)
{
	word(b, code | len << 16);
	b->words[b->count + len / 4] = 0;
	memcpy(b->words + b->count, value, len);
	b->count += (len + 3) / 4;
}

/* The block of @type: @head, @len bytes of data with their padding, @tail. */
static void block_write(FILE *out, uint32_t type, const struct block *head, const uint8_t *data, uint32_t len,
			const struct block *tail)
{
	static const uint8_t zeros[4];
	uint32_t pad = -len & 3u, total = 12 + 4 * (head->count + tail->count) + len + pad;

	fwrite(&type, 4, 1, out);
	fwrite(&total, 4, 1, out);
	fwrite(head->words, 4, head->count, out);
	if (len)
		fwrite(data, 1, len, out);
	fwrite(zeros, 1, pad, out);
	fwrite(tail->words, 4, tail->count, out);
	fwrite(&total, 4, 1, out);
}

void pcapng_begin(FILE *out, const char *name, uint32_t snap_bytes)
{
	const struct block none = {.count = 0};
	struct block section = {.count = 0}, iface = section;
	const uint8_t resolution = NANOSECONDS;
	size_t len = strlen(name);

	word(&section, BYTE_ORDER_MAGIC);
	word(&section, 1); /* version 1.0 */
	word(&section, UINT32_MAX);
	word(&section, UINT32_MAX); /* length not told */
	block_write(out, SECTION, &section, NULL, 0, &none);
	word(&iface, LINK_ETHERNET);
	word(&iface, snap_bytes);
	option(&iface, OPTION_IF_NAME, name, (uint32_t)(len < 100 ? len : 100));
	option(&iface, OPTION_IF_TSRESOL, &resolution, 1);
	word(&iface, 0);
	block_write(out, INTERFACE, &iface, NULL, 0, &none);
}

void pcapng_frame(FILE *out, uint64_t when_ns, const uint8_t *data, uint32_t bytes, uint32_t length, bool is_outgoing)
{
	struct block head = {.count = 0}, tail = head;
	uint32_t flags = is_outgoing ? OUTBOUND : INBOUND;

	word(&head, 0);
	time_put(&head, when_ns);
	word(&head, bytes);
	word(&head, length);
	option(&tail, OPTION_FLAGS, &flags, sizeof flags);
	word(&tail, 0);
	block_write(out, PACKET, &head, data, bytes, &tail);
}

void pcapng_end(FILE *out, uint64_t when_ns, uint64_t dropped)
{
	const struct block none = {.count = 0};
	struct block stats = {.count = 0};

	word(&stats, 0);
	time_put(&stats, when_ns);
	option(&stats, OPTION_IFDROP, &dropped, sizeof dropped);
	word(&stats, 0);
	block_write(out, STATISTICS, &stats, NULL, 0, &none);
}
