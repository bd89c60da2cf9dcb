/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP segments written down one by one, as somebody would who knows nothing of units. */
#ifndef CAMBIUM_TESTS_TCP_SEGMENTS_H
#define CAMBIUM_TESTS_TCP_SEGMENTS_H

#include <stdbool.h>
#include <stdint.h>

#define SEGMENT_ROOM 2000u

struct segment {
	uint8_t bytes[SEGMENT_ROOM];
	uint32_t len;
};

/* A stream of which segments are parts. */
struct segments {
	bool ipv6;
	uint32_t options; /* bytes of TCP options, a multiple of 4 */
	uint32_t seq;     /* of payload byte 0 */
	uint16_t id;      /* of the first segment */
	uint32_t mss;
};

/* Payload byte @at of any stream. */
uint8_t segments_byte(uint32_t at);

/* Where TCP begins, and where the payload does. */
uint32_t segments_l4(const struct segments *s);
uint32_t segments_headers(const struct segments *s);

/*
 * Writes the segment with the @bytes bytes of payload from @from on, number @n, with TCP's @flags, to @to: its checksum
 * field has the sum of the pseudo header, or with @complete the checksum.
 */
void segments_write(const struct segments *s, uint32_t n, uint32_t from, uint32_t bytes, uint8_t flags, bool complete,
		    struct segment *to);

#endif
