/* SPDX-License-Identifier: BSD-2-Clause */
/* Where lwIP's TCP asks the port: initial sequence numbers, and how connections end. Called with the core lock held. */
#ifndef CAMBIUM_NET_PORT_TCP_HOOKS_H
#define CAMBIUM_NET_PORT_TCP_HOOKS_H

#include <lwip/err.h>
#include <lwip/ip_addr.h>

struct tcp_pcb;
struct tcp_hdr;
struct pbuf;

/*
 * The initial sequence number of a connection (RFC 6528): a clock of 4 microseconds plus a keyed hash of its two ends.
 * As it is asked for once per new connection, it also drops the oldest connections in TIME-WAIT beyond
 * NET_TIME_WAIT_MAX, so that no packet ever walks a long list.
 */
u32_t net_tcp_isn(const ip_addr_t *local_ip, u16_t local_port, const ip_addr_t *remote_ip, u16_t remote_port);

/*
 * Sees each segment for a connection or a listener, @hdr in host order, @p what follows the header. ERR_OK: go on. A new
 * SYN for a connection in TIME-WAIT ends that one (RFC 6191 allows it) instead of being answered by a reset, and drops
 * the segment: the retransmission of the SYN meets the listener.
 */
err_t net_tcp_inpacket(struct tcp_pcb *pcb, const struct tcp_hdr *hdr, const struct pbuf *p);

/*
 * A timer of the stack. It keeps lwIP from freeing connections in TIME-WAIT to which a program still holds a socket, and
 * resets those beyond NET_CLOSING_MAX whose peers do not take the last bytes of a program that has closed. Started once,
 * with @arg NULL; it sets itself again.
 */
#define NET_TCP_TICK_MS 1000u
void net_tcp_tick(void *arg);

#endif
