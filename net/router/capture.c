/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames of one interface for whoever looks on (abi/manage.h). Invariant: the data path copies into a ring of fixed size or counts a
 * frame as dropped, and never waits; the ring holds whole records.
 */
#include <string.h>

#include <base/check.h>
#include <cambium/clock.h>
#include <cambium/mem.h>

#include "manage.h"
#include "manage_area.h"

#define RING_PAGES 32u
#define RING_BYTES (RING_PAGES * 4096u) /* a power of two */
#define SPARE_SLOTS 8u                  /* for answers */
#define LEASE_NS 10000000000ull         /* who looks on says so again and again */
#define PUMP_NS 2000000ull              /* while the line is behind */

static struct {
	uint8_t *ring;       /* NULL: nobody looks on */
	uint32_t head, tail; /* free running */
	uint32_t snap_bytes, dropped;
	uint64_t until_ns;
} capture;

uint32_t capture_mask;

static void stop(void)
{
	capture_mask = 0;
	pages_free(capture.ring, RING_PAGES);
	capture.ring = NULL;
}

const char *capture_set(const struct router_domain *d, const struct manage_capture *want)
{
	if (want->on > MANAGE_GO_ON || want->reserved0)
		return "the request makes no sense: are command and machine of one version?";
	if (want->on == MANAGE_GO_ON && !capture.ring)
		return "no capture is running: nobody asked for it to go on in time, or the router was started anew";
	capture.until_ns = clock_after(LEASE_NS);
	if (want->on == MANAGE_GO_ON)
		return NULL;
	if (capture.ring)
		stop();
	if (want->on == MANAGE_STOP)
		return NULL;
	if (want->iface >= ROUTER_IF_COUNT || d->brain.iface[want->iface].kind == IFACE_NONE)
		return "the router has no such interface: `rules status` lists them";
	capture.ring = pages_alloc(RING_PAGES);
	if (!capture.ring)
		return "the router has no memory for it: give it more in the plan";
	capture.head = capture.tail = capture.dropped = 0;
	capture_mask = 1u << want->iface;
	capture.snap_bytes = want->snap_bytes;
	return NULL;
}

static void put(const void *bytes, uint32_t len)
{
	const uint8_t *from = bytes;
	uint32_t at = capture.head % RING_BYTES, first = MIN(len, RING_BYTES - at);

	memcpy(capture.ring + at, from, first);
	memcpy(capture.ring, from + first, len - first);
	capture.head += len;
}

void capture_take(unsigned index, const struct frame *frame, uint32_t direction)
{
	struct manage_record record = {.length = frame_get_total(frame), .direction = direction};

	CHECK(capture.ring && capture_mask == 1u << index);
	record.bytes = MIN(frame->len, capture.snap_bytes);
	if (sizeof record + record.bytes > RING_BYTES - (capture.head - capture.tail)) {
		capture.dropped++;
		return;
	}
	record.when_ns = clock_wall_ns();
	put(&record, sizeof record);
	put(frame->data, record.bytes);
	manage_area_wake();
}

uint64_t capture_pump(uint64_t now)
{
	struct manage_captured piece;
	struct manage_message m;

	if (capture.ring && now > capture.until_ns)
		stop();
	while (capture.ring && capture.head != capture.tail) {
		uint32_t at = capture.tail % RING_BYTES;
		uint32_t len = MIN(MIN(capture.head - capture.tail, RING_BYTES - at), MANAGE_DATA_MAX);

		piece.offset = capture.tail;
		piece.dropped = capture.dropped;
		memcpy(piece.bytes, capture.ring + at, len);
		m = manage_message_of(MANAGE_CAPTURED, 0, &piece,
				      (uint32_t)offsetof(struct manage_captured, bytes) + len);
		if (!manage_area_say(&m, SPARE_SLOTS))
			return now + PUMP_NS;
		capture.tail += len;
	}
	return capture.ring ? capture.until_ns + 1 : TIME_NEVER;
}
