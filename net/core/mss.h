/* SPDX-License-Identifier: BSD-2-Clause */
/* The segment size that a SYN offers. */
#ifndef CAMBIUM_NET_CORE_MSS_H
#define CAMBIUM_NET_CORE_MSS_H

#include "packet.h"

/* No SYN @pkt, parsed as @info, offers more from now on than packets of @mtu carry without options, its checksum included. */
void mss_clamp(struct packet *pkt, const struct packet_info *info, uint16_t mtu);

#endif
