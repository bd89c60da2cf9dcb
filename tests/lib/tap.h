/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A wire in a network namespace of the test's own: QEMU's card at one end of it (a tap with virtio headers, so that the
 * card's segmentation is left to this host's kernel, as on a real bridge), at the other what the kernel puts on a device
 * without offloads: whole segments with their checksums. Needs /dev/net/tun and the right to make a namespace.
 */
#ifndef CAMBIUM_TESTS_TAP_H
#define CAMBIUM_TESTS_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TAP_FRAME_MAX 70000u

struct tap {
	int card;    /* for QEMU: -netdev tap,fd=N */
	int from;    /* what the card sent, with virtio headers */
	int to, far; /* into the device without offloads, and out of it */
	char netdev[64];
};

/* What the card said about a packet: payload bytes per segment; 0: not to be cut. */
struct tap_packet {
	uint32_t len;
	uint16_t gso_size;
	uint8_t bytes[TAP_FRAME_MAX];
};

/* NULL, or why there can be none here. */
const char *tap_open(struct tap *tap);

/* The next packet that the card sent, within @seconds; it goes on along the wire. */
bool tap_receive(struct tap *tap, struct tap_packet *packet, unsigned seconds);

/* The next frame at the far end of the wire, within @seconds: its length; 0: none came. */
size_t tap_read(struct tap *tap, uint8_t bytes[TAP_FRAME_MAX], unsigned seconds);

void tap_close(struct tap *tap);

#endif
