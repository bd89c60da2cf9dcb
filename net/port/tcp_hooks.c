/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TIME-WAIT and sequence numbers.
 *
 * lwIP finds a connection by walking lists, keeps TIME-WAIT for 2 MSL without a bound, and looks at that list for every
 * SYN. The list is kept newest first, so what is behind its NET_TIME_WAIT_MAX-th member is the oldest; tcp_abort() of a
 * connection in TIME-WAIT frees it and sends nothing.
 *
 * A connection that its program has closed, and whose peer does not take the last bytes, is kept for twelve
 * retransmissions, up to forty minutes, and when the pool is empty lwIP gives none of these up: so many callers that
 * vanish, and nobody else gets in. At most NET_CLOSING_MAX of those that had to send again stay. The list of active
 * connections has in front who was heard last, so those behind are whose peers have been silent longest.
 *
 * It also tells nobody when it frees one. A program that has ended its direction and not closed yet still has a netconn
 * that points to the block (callback_arg): such a one must not go before the program lets go of it.
 */
#include <cambium/clock.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/prot/tcp.h>
#include <lwip/tcp.h>
#include <lwip/timeouts.h>
#include <net/core/siphash.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <cambium/crash.h>

#include "tcp_hooks.h"

/* What lwIP would check of lwipopts.h if it knew our receive buffers. */
_Static_assert(MEMP_NUM_TCP_SEG >= TCP_SND_QUEUELEN, "one connection's segments");
_Static_assert(TCP_SND_QUEUELEN >= 2 * (TCP_SND_BUF / TCP_MSS), "two pbufs a segment");
_Static_assert(TCP_SNDLOWAT < TCP_SND_BUF && TCP_SNDLOWAT + 4 * TCP_MSS < 0xffff, "low-water mark, 16-bit");
_Static_assert(TCP_SNDQUEUELOWAT < TCP_SND_QUEUELEN, "low-water mark of the queue");
_Static_assert(NET_CLOSING_MAX *(TCP_SND_BUF / TCP_MSS + 1) < MEMP_NUM_TCP_SEG, "the living can send beside them");
_Static_assert(TCP_WND <= 0xffff << TCP_RCV_SCALE && TCP_WND >= TCP_MSS, "window");

/* Random bytes come from the runtime in handfuls. */
uint32_t net_random(void)
{
	static uint32_t words[64];
	static unsigned left;

	if (left == 0) {
		if (getentropy(words, sizeof(words)) != 0)
			crash("net: no randomness");
		left = sizeof(words) / sizeof(words[0]);
	}
	return words[--left];
}

static bool is_held(const struct tcp_pcb *pcb)
{
	return pcb->callback_arg != NULL;
}

/* Nobody but the stack has it any more, and what it has to say is not taken. */
static bool is_stuck(const struct tcp_pcb *pcb)
{
	return !is_held(pcb) && (pcb->state == FIN_WAIT_1 || pcb->state == CLOSING || pcb->state == LAST_ACK) &&
	       (pcb->nrtx != 0 || pcb->persist_backoff != 0);
}

static void closing_trim(void)
{
	struct tcp_pcb *pcb = tcp_active_pcbs;
	unsigned count = 0;

	while (pcb != NULL) {
		struct tcp_pcb *next = pcb->next;

		if (is_stuck(pcb) && ++count > NET_CLOSING_MAX)
			tcp_abort(pcb);
		pcb = next;
	}
}

void net_tcp_tick(void *arg)
{
	(void)arg;
	for (struct tcp_pcb *pcb = tcp_tw_pcbs; pcb != NULL; pcb = pcb->next)
		if (is_held(pcb))
			pcb->tmr = tcp_ticks;
	closing_trim();
	sys_timeout(NET_TCP_TICK_MS, net_tcp_tick, NULL);
}

static void time_wait_trim(void)
{
	struct tcp_pcb *pcb = tcp_tw_pcbs;
	unsigned kept = 0;

	while (pcb != NULL && kept < NET_TIME_WAIT_MAX) {
		pcb = pcb->next;
		kept++;
	}
	while (pcb != NULL) {
		struct tcp_pcb *next = pcb->next;

		if (!is_held(pcb))
			tcp_abort(pcb);
		pcb = next;
	}
}

/* The address itself: what else lwIP keeps in its type may differ from packet to packet. */
static void words_of(const ip_addr_t *ip, u32_t words[4])
{
	memcpy(words, ip, IP_IS_V6(ip) ? 4 * sizeof(words[0]) : sizeof(words[0]));
}

u32_t net_tcp_isn(const ip_addr_t *local_ip, u16_t local_port, const ip_addr_t *remote_ip, u16_t remote_port)
{
	static struct siphash_key key;
	static bool keyed;
	struct {
		u32_t local_ip[4], remote_ip[4];
		u16_t local_port, remote_port;
	} ends;

	if (!keyed) {
		for (unsigned i = 0; i < 2; i++)
			key.words[i] = (uint64_t)net_random() << 32 | net_random();
		keyed = true;
	}
	time_wait_trim();
	memset(&ends, 0, sizeof(ends));
	words_of(local_ip, ends.local_ip);
	words_of(remote_ip, ends.remote_ip);
	ends.local_port = local_port;
	ends.remote_port = remote_port;
	return (u32_t)(clock_ns() / 4000) + (u32_t)siphash(&key, &ends, sizeof(ends));
}

/*
 * lwIP answers an empty segment at the edge of a closed window as if it lay outside, so two such ends whose windows are
 * both closed would acknowledge each other for ever. An octet of window that is never announced makes it acceptable, as
 * RFC 793 (page 69) has it; tcp_recved() cuts the surplus off again.
 */
static void open_by_one(struct tcp_pcb *pcb, const struct tcp_hdr *hdr, const struct pbuf *p)
{
	if (pcb->rcv_wnd == 0 && p->tot_len == 0 && hdr->seqno == pcb->rcv_nxt &&
	    (TCPH_FLAGS(hdr) & (TCP_SYN | TCP_FIN | TCP_RST)) == 0)
		pcb->rcv_wnd = 1;
}

/* Every second segment is acknowledged at once (RFC 9293, 3.8.6.3), and a unit is several. */
static void acknowledge_unit(struct tcp_pcb *pcb, const struct pbuf *p)
{
	if (p->tot_len > pcb->mss)
		tcp_set_flags(pcb, TF_ACK_DELAY); /* as if one before it waited */
}

err_t net_tcp_inpacket(struct tcp_pcb *pcb, const struct tcp_hdr *hdr, const struct pbuf *p)
{
	if (pcb->state == LISTEN) /* the short kind of control block */
		return ERR_OK;
	if (pcb->state == TIME_WAIT && !is_held(pcb) && (TCPH_FLAGS(hdr) & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN) {
		tcp_abort(pcb);
		return ERR_ABRT;
	}
	open_by_one(pcb, hdr, p);
	acknowledge_unit(pcb, p);
	return ERR_OK;
}
