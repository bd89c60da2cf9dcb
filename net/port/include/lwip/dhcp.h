/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lwIP's header, but that its client counts a lease in units of ten seconds, not of a minute: so one of a minute is extended in
 * time. It counts 65,535 of them, more than the week that a lease here has at most (apps/services/dhcp_server.h).
 */
#ifndef CAMBIUM_LWIP_DHCP_H
#define CAMBIUM_LWIP_DHCP_H

#include_next <lwip/dhcp.h>

#undef DHCP_COARSE_TIMER_SECS
#define DHCP_COARSE_TIMER_SECS 10

#endif
