/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A frame in private memory, what its headers say, and the arithmetic of its checksums.
 *
 * A frame is parsed once, by packet_parse(); everything later works on the struct packet_info that
 * it filled, and trusts the offsets in it. Bytes and multi-byte fields of frames are in network
 * order; struct packet_info is in host order.
 */
#ifndef CAMBIUM_NET_CORE_PACKET_H
#define CAMBIUM_NET_CORE_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "reason.h"

#define ETH_HEADER_LEN 14u
#define ETH_FRAME_MIN 60u /* without the frame check sequence */
#define IPV4_HEADER_LEN 20u
#define IPV6_HEADER_LEN 40u
#define PACKET_LEN_MAX (ETH_HEADER_LEN + IPV6_HEADER_LEN + 65535u)
#define PACKET_REPLY_ROOM 128u
#define PACKET_HEAD_MIN 256u /* a longer frame has at least so much of it in head_len */

#define ETHERTYPE_IPV4 0x0800u
#define ETHERTYPE_ARP 0x0806u
#define ETHERTYPE_IPV6 0x86ddu

enum {
	IP_PROTO_ICMP = 1,
	IP_PROTO_TCP = 6,
	IP_PROTO_UDP = 17,
	IP_PROTO_ICMP6 = 58,
};

/* What else a next-header field of IPv6 may say. */
enum {
	NEXT_HOP_BY_HOP = 0,
	NEXT_ROUTING = 43,
	NEXT_FRAGMENT = 44,
	NEXT_DESTINATION = 60,
};

enum {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_URG = 0x20,
};

enum {
	ICMP_ECHO_REPLY = 0,
	ICMP_UNREACHABLE = 3,
	ICMP_ECHO_REQUEST = 8,
	ICMP_TIME_EXCEEDED = 11,
	ICMP_PARAMETER = 12,
};

/* Of ICMPv6 (RFC 4443, 4861). */
enum {
	ICMP6_UNREACHABLE = 1,
	ICMP6_TOO_BIG = 2,
	ICMP6_TIME_EXCEEDED = 3,
	ICMP6_PARAMETER = 4,
	ICMP6_ECHO_REQUEST = 128,
	ICMP6_ECHO_REPLY = 129,
	ICMP6_ROUTER_SOLICITATION = 133,
	ICMP6_ROUTER_ADVERTISEMENT = 134,
	ICMP6_NEIGHBOUR_SOLICITATION = 135,
	ICMP6_NEIGHBOUR_ADVERTISEMENT = 136,
};

/* What an ICMP message of either family is for. */
enum icmp_kind {
	ICMP_KIND_NONE = 0, /* no ICMP */
	ICMP_KIND_REQUEST,  /* echo request */
	ICMP_KIND_REPLY,    /* echo reply */
	ICMP_KIND_ERROR,    /* about a packet that it quotes */
	ICMP_KIND_ND,       /* neighbour discovery, of IPv6 alone */
};

#define TCP_SCALE_NONE 0xffu

/* Values of struct packet .flags. */
enum {
	/*
	 * The layer 4 checksum is blank: its field holds only the sum of the pseudo-header, and
	 * whoever sends the frame last completes it over the bytes from csum_start on, into the
	 * field at csum_start + csum_offset (as in virtio-net, VIRTIO_NET_HDR_F_NEEDS_CSUM). The
	 * router keeps the pseudo-header sum right when it translates.
	 */
	PACKET_CSUM_BLANK = 1,
	/* Somebody trusted has already checked the layer 4 checksum. */
	PACKET_CSUM_VALID = 2,
};

enum {
	PACKET_GSO_NONE = 0,
	PACKET_GSO_TCP4 = 1,
	PACKET_GSO_TCP6 = 2,
};

/*
 * One frame. @data points at the Ethernet header, in memory that belongs to the caller and that
 * nobody else writes; the frame has @len bytes, of which the first @head_len stand at @data (the
 * others may stay elsewhere: the router neither reads nor changes them). head_len is len, or at
 * least PACKET_HEAD_MIN. @capacity bytes may be written at @data; it is at least head_len. An
 * answer (RST, ICMP error, ARP, neighbour discovery) may be longer than a small frame: PACKET_REPLY_ROOM is enough for
 * any, and where it does not fit there is none.
 *
 * A TCP superframe has gso_type PACKET_GSO_TCP4 or _TCP6, a gso_size (payload bytes per segment) and a
 * blank checksum; its IP header's length counts the whole.
 */
struct packet {
	uint8_t *data;
	uint32_t len;
	uint32_t head_len;
	uint32_t capacity;
	uint16_t csum_start;
	uint16_t csum_offset;
	uint16_t gso_size;
	uint8_t gso_type;
	uint8_t flags;
};

/*
 * What the headers of a good frame say. sport and dport are the ports of TCP and UDP. For ICMP echo
 * they carry the identifier, so that a request and its reply are mirror images: request (id, 0),
 * reply (0, id). For other ICMP both are 0. Offsets count from packet.data.
 */
struct packet_info {
	uint16_t ethertype;
	struct mac mac_src, mac_dst;
	uint8_t proto;
	uint8_t ttl; /* the hop limit of IPv6 */
	struct ip_addr src, dst;
	uint16_t sport, dport;
	bool option_binds;      /* an IPv6 option says that who does not know it shall discard the packet */
	uint8_t tcp_scale;      /* window scale option of a SYN (RFC 7323), TCP_SCALE_NONE without */
	uint8_t tcp_header_len; /* bytes */
	uint32_t ip_len;        /* of the IP packet: the frame may be padded beyond */
	uint32_t l4_off;        /* behind the IP header and its extension headers */
	uint32_t payload_len;   /* bytes behind the TCP, UDP or ICMP header */
	uint8_t icmp_kind;      /* enum icmp_kind */
	uint8_t icmp_type, icmp_code;
	uint8_t tcp_flags;
	uint16_t tcp_window;
	uint32_t tcp_seq, tcp_ack;
	/* of a fragment alone, see packet_parse(): */
	bool fragment_more;           /* it is not the last one */
	uint16_t fragment_offset;     /* of its data in the whole, in bytes */
	uint16_t fragment_at;         /* where its data begin, behind the fragment header of IPv6 */
	uint16_t fragment_pointer_at; /* where it stands that an IPv6 fragment header follows */
	uint32_t fragment_id;
};

/* The bytes of layer 4: header and payload. */
static inline uint32_t packet_get_l4_len(const struct packet_info *info)
{
	return ETH_HEADER_LEN + info->ip_len - info->l4_off;
}

/*
 * Parse and judge the frame @pkt into @info (RFC 791, 793, 768, 792, 8200, 4443). Gives REASON_NONE for a frame
 * that is ARP (then only ethertype and MACs are filled) or a whole IP packet of TCP, UDP or a passed
 * ICMP type, IPv4 without options; else the reason to drop it. IPv6 extension headers are walked as far
 * as PACKET_HEAD_MIN: hop-by-hop and destination options and routing headers that have nothing left to do.
 * Checks the IPv4 header checksum, and the ICMP checksum when the packet is whole in memory; those of TCP and UDP are
 * the receiver's to check: translation updates them incrementally, so a wrong one stays wrong. Padding behind the
 * IP packet is cut off: pkt->len and head_len shrink.
 *
 * REASON_IP_FRAGMENT: it is one fragment of several, whole in memory, whose headers up to there are good. Then @info has the
 * addresses, ttl, proto (for IPv6 what the fragment header says comes next), ip_len and what begins with fragment_; l4_off
 * is fragment_at. An IPv6 packet of a single fragment is a whole one (RFC 6946).
 */
enum reason packet_parse(struct packet *pkt, struct packet_info *info);

/*
 * Walk on in the first fragment @pkt, parsed as @info, to layer 4: proto, l4_off, the ports of TCP and UDP, and of ICMP the kind.
 * False: it does not hold all headers up to the end of layer 4's (RFC 1858, 7112).
 */
bool packet_parse_first(const struct packet *pkt, struct packet_info *info);

/* --- packet_ipv6.c --- */

/*
 * Parse the IPv6 header of @pkt and what extends it, up to layer 4: the fields of @info that both families have, and
 * the padding is cut off.
 */
enum reason packet_parse_ipv6(struct packet *pkt, struct packet_info *info);

/* Walk on behind the fragment header of the first fragment @pkt, as the whole packet will be walked: proto and l4_off of @info. */
enum reason packet_walk_fragment(const struct packet *pkt, struct packet_info *info);

/*
 * Big-endian fields at @p.
 */
static inline uint16_t be16_get(const uint8_t *p)
{
	uint16_t value;

	memcpy(&value, p, sizeof(value));
	return __builtin_bswap16(value);
}

static inline uint32_t be32_get(const uint8_t *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return __builtin_bswap32(value);
}

static inline void be16_put(uint8_t *p, uint16_t value)
{
	value = __builtin_bswap16(value);
	memcpy(p, &value, sizeof(value));
}

static inline void be32_put(uint8_t *p, uint32_t value)
{
	value = __builtin_bswap32(value);
	memcpy(p, &value, sizeof(value));
}

/*
 * The Internet checksum (RFC 1071). checksum_add() adds @len bytes at @data to the running sum @sum
 * (an odd tail counts as padded with zero, so only the last piece may be odd); checksum_fold()
 * folds a sum into 16 bits without complementing it. The value of a checksum field is ~fold.
 */
uint32_t checksum_add(uint32_t sum, const uint8_t *data, size_t len);

static inline uint16_t checksum_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

/* The sum of the pseudo-header for @len bytes of @proto, to go on with checksum_add(). @src and @dst tell the family. */
uint32_t checksum_add_pseudo(uint32_t sum, struct ip_addr src, struct ip_addr dst, uint8_t proto, uint32_t len);

/*
 * The checksum field @field after one of the 16-bit words under it changed from @from to @to
 * (RFC 1624, equation 3).
 */
static inline uint16_t checksum_update(uint16_t field, uint16_t from, uint16_t to)
{
	return (uint16_t)~checksum_fold((uint32_t)(uint16_t)~field + (uint16_t)~from + to);
}

#endif
