/* SPDX-License-Identifier: BSD-2-Clause */
/* The packets that guests/nic_tso.c has its card cut, for itself and for who reads the segments. */
#ifndef CAMBIUM_TESTS_NIC_TSO_H
#define CAMBIUM_TESTS_NIC_TSO_H

#include <stdbool.h>
#include <stdint.h>

#define TSO_TO_MAC "\2\0\0\0\0\1"
#define TSO_TCP_LEN 32u /* with twelve bytes of options */
#define TSO_SEQUENCE 0x01020304u

struct tso_packet {
	bool ipv6;
	uint32_t payload;
	uint16_t gso_size;
	uint32_t first_piece, other_pieces; /* payload bytes in the first frame; most in each of the others */
};

/* IPv4 and IPv6, in one piece and in a chain, of one segment and of many, even and with a rest. */
static const struct tso_packet tso_packets[] = {
	{false, 20000, 1448, 1000, 1984}, {true, 20000, 1428, 0, 1500},  {false, 64000, 1448, 1800, 1900},
	{false, 1448, 1448, 1448, 0},     {false, 2896, 1448, 500, 700}, {true, 1429, 1428, 1429, 0},
	{false, 1000, 1448, 400, 600},    {false, 3001, 537, 1, 1984},
};

#define TSO_PACKETS (sizeof tso_packets / sizeof tso_packets[0])

/* Byte @i of a packet's payload. */
static inline uint8_t tso_byte(uint32_t i)
{
	return (uint8_t)(i * 7 + (i >> 8));
}

#endif
