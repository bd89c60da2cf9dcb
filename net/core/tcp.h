/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a bystander knows of a TCP connection: its state, and for each side how far it has sent and
 * how far it may send (van Rooij, "Real stateful TCP packet filtering in IP Filter", 2000; RFC 793,
 * 5961, 7323).
 */
#ifndef CAMBIUM_NET_CORE_TCP_H
#define CAMBIUM_NET_CORE_TCP_H

#include "packet.h"

enum tcp_track_state {
	TCP_SYN_SENT = 1, /* SYN from the opener */
	TCP_SYN_RECEIVED, /* SYN and ACK from the other */
	TCP_ESTABLISHED,  /* and the opener's ACK */
	TCP_FIN_WAIT,     /* one side sent FIN */
	TCP_LAST_ACK,     /* both did */
	TCP_TIME_WAIT,    /* and both FINs are acknowledged */
	TCP_CLOSED,       /* a RST that the receiver believes */
};

/* One side: what it sends. All but max_window are sequence numbers of its own. */
struct tcp_side {
	uint32_t end;        /* behind the last byte sent */
	uint32_t acked;      /* behind the last byte that the other side acknowledged */
	uint32_t max_end;    /* behind the last byte that the other side's window allows */
	uint32_t max_window; /* the largest window that this side offered, scaled; 0: not seen yet */
	uint8_t scale;       /* shift of the windows this side offers */
	uint8_t has_scale;
	uint8_t has_fin; /* FIN sent; end counts it */
	uint8_t reserved;
};

/* side[0] is the opener. */
struct tcp_track {
	struct tcp_side side[2];
	uint8_t state;   /* enum tcp_track_state */
	uint8_t lenient; /* TCP_LENIENT_x; 0 as a rule */
	uint8_t older;   /* TCP_SYN_SENT: the other side has acknowledged side[1].acked of an older connection */
};

/*
 * A track that was taken over may be older than what its ends have sent since, so until its user takes the mark away no segment is
 * dropped for its numbers: the receiver has to judge it, as it would without a bystander. The track learns what it missed only from the
 * sides @d that are marked, which nobody else can send as: such a segment says what the other side has sent, too.
 */
#define TCP_LENIENT 1u
#define TCP_LENIENT_BELIEVE(d) (2u << (d))

/* May the segment @info open a connection: SYN alone. */
bool tcp_is_opening(const struct packet_info *info);

/* Begin @track with the opening segment @info. */
void tcp_track_open(struct tcp_track *track, const struct packet_info *info);

/*
 * Take in the segment @info of side @dir (0: the opener's). REASON_NONE: it may pass, and @track
 * knows it. REASON_TCP_STATE or REASON_TCP_WINDOW: drop it, nothing changed. A RST inside the
 * window but not at the next expected byte passes, since its receiver will challenge it (RFC 5961),
 * and changes nothing; so does a SYN within a living connection. An opener may meet the half of an older connection that the
 * other side still has, since nobody told it of the end: its bare acknowledgement passes, and the opener's RST that ends it
 * (RFC 793 figure 10, RFC 5961 section 4).
 */
enum reason tcp_track_segment(struct tcp_track *track, unsigned dir, const struct packet_info *info);

/*
 * Could the sequence number @seq, quoted by an ICMP error from a segment that side @dir sent, be in
 * flight (RFC 5927)?
 */
bool tcp_track_in_flight(const struct tcp_track *track, unsigned dir, uint32_t seq);

#endif
