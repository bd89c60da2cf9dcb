/* SPDX-License-Identifier: BSD-2-Clause */
/* The Internet checksum, fast. */
#ifndef CAMBIUM_NET_PORT_CHECKSUM_H
#define CAMBIUM_NET_PORT_CHECKSUM_H

#include <stdint.h>

/* The Internet checksum of @len bytes (RFC 1071): their sum as 16-bit words in memory order, the last byte of an odd
 * length padded with zero, folded, not complemented. */
uint16_t net_checksum(const void *data, int len);

#endif
