/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why a packet did not simply pass: one list, from which the enum, the counters and the names come.
 * A reason is recorded for each packet that is dropped or answered instead of forwarded.
 */
#ifndef CAMBIUM_NET_CORE_REASON_H
#define CAMBIUM_NET_CORE_REASON_H

#define REASON_LIST(X)                                                                                                 \
	X(NONE, "passed")                                                                                              \
	/* the frame itself */                                                                                         \
	X(OVER_BUDGET, "for a domain that is over its budget, and not looked at further")                              \
	X(NO_ROOM, "for a domain that has not taken what it has, and not looked at further")                           \
	X(IFACE_UNSET, "interface is not configured")                                                                  \
	X(FRAME_SHORT, "frame or header is cut short")                                                                 \
	X(FRAME_LONG, "frame is longer than the interface takes")                                                      \
	X(ETHERTYPE, "neither IP nor ARP")                                                                             \
	X(IP_HEADER, "bad IP version, header length or reserved flag")                                                 \
	X(IP_OPTIONS, "IPv4 options")                                                                                  \
	X(IP_LENGTH, "IP length disagrees with the frame")                                                             \
	X(IP_CHECKSUM, "bad IPv4 header checksum")                                                                     \
	X(IP_FRAGMENT, "fragment within a fragment")                                                                   \
	X(FRAGMENT_WAITS, "fragment kept until its datagram is whole")                                                 \
	X(FRAGMENT_DUPLICATE, "fragment that is here already")                                                         \
	X(FRAGMENT_OVERLAP, "fragment that overlaps or contradicts another: its datagram is refused")                  \
	X(FRAGMENT_REFUSED, "fragment of a datagram that was refused before")                                          \
	X(FRAGMENT_TINY, "first fragment without the whole layer 4 header, or one that reaches into it")               \
	X(FRAGMENT_LENGTH, "fragment that is empty, no multiple of eight long, or ends beyond 65,535 bytes")           \
	X(FRAGMENT_FULL, "incomplete datagram that went for want of room")                                             \
	X(FRAGMENT_TIMEOUT, "incomplete datagram whose time is over")                                                  \
	X(IP6_EXTENSION, "IPv6 extension headers out of place, malformed, or longer than is looked at")                \
	X(IP6_ROUTING, "IPv6 routing header of type 0, or with segments left")                                         \
	X(IP6_OPTION, "to the router, with an IPv6 option that it does not know and must not ignore")                  \
	X(IP6_JUMBO, "IPv6 jumbogram")                                                                                 \
	X(IP_PROTO, "protocol other than TCP, UDP and ICMP")                                                           \
	X(TCP_HEADER, "bad TCP header or flags")                                                                       \
	X(UDP_LENGTH, "bad UDP length")                                                                                \
	X(UDP_CHECKSUM, "UDP over IPv6 without a checksum")                                                            \
	X(ICMP_TYPE, "ICMP type not passed")                                                                           \
	X(ICMP_CHECKSUM, "bad ICMP checksum")                                                                          \
	X(CSUM_META, "checksum completion request does not fit the headers")                                           \
	X(GSO_META, "segmentation request does not fit the headers")                                                   \
	/* who it claims to be from and for */                                                                         \
	X(MAC_DESTINATION, "frame is for another station")                                                             \
	X(MAC_SPOOF, "source MAC is not the interface's own")                                                          \
	X(IP_FAMILY, "the interface has no address of that family")                                                    \
	X(IP_SPOOF, "source address is not the interface's own")                                                       \
	X(IP_BOGON, "address that can never be a unicast source or destination")                                       \
	X(IP_LINK_LOCAL, "address of one link only, which is never forwarded")                                         \
	X(NOT_UNICAST, "broadcast or multicast destination")                                                           \
	/* policy */                                                                                                   \
	X(POLICY_DEFAULT, "no rule matches")                                                                           \
	X(POLICY_DROP, "a drop rule matches")                                                                          \
	X(POLICY_REJECT, "a reject rule matches")                                                                      \
	X(FLOW_CUT, "belongs to an open flow that the new rules refuse")                                               \
	X(LIMIT_FLOWS, "the source opens more flows than a limit lets it")                                             \
	X(LIMIT_TRAFFIC, "more traffic than a limit lets pass")                                                        \
	X(NO_ROUTE, "no interface leads to the destination")                                                           \
	X(NO_SERVICE, "allowed to the router itself, which does not listen there")                                     \
	X(SELF_ECHO, "echo request to the router, answered")                                                           \
	/* flows */                                                                                                    \
	X(NO_FLOW, "belongs to no known flow and cannot open one")                                                     \
	X(FLOW_IFACE, "known flow, wrong interface")                                                                   \
	X(FLOW_LIMIT, "the interface has all the flows it may have")                                                   \
	X(OPENING_ASKED, "connection to a flooded service: who opens it was asked whether he is there")                \
	X(OPENING_ANSWERED, "answer to that question: the next SYN will be taken")                                     \
	X(OPENING_REFUSED, "connection to a flooded service by a source that has its share of it")                     \
	X(FLOW_FULL, "flow table is full of established flows")                                                        \
	X(FLOW_CLASH, "translated flow would equal another one")                                                       \
	X(NAT_PORTS, "no free port for masquerading")                                                                  \
	X(TCP_STATE, "segment does not fit the connection's state")                                                    \
	X(TCP_WINDOW, "segment lies outside the connection's window")                                                  \
	X(ICMP_UNRELATED, "ICMP error about no known flow")                                                            \
	/* on the way out */                                                                                           \
	X(TTL_EXPIRED, "time to live ran out")                                                                         \
	X(TOO_BIG, "larger than the outgoing interface's MTU")                                                         \
	X(NEIGHBOUR_FAILED, "next hop does not answer")                                                                \
	X(NEIGHBOUR_FULL, "too many next hops are being resolved")                                                     \
	X(HOLD_FULL, "too many packets wait for this next hop")                                                        \
	/* ARP */                                                                                                      \
	X(ARP_INVALID, "malformed ARP")                                                                                \
	X(ARP_SPOOF, "ARP sender is not who it may be")                                                                \
	X(ARP_REQUEST, "ARP request for the router's address, answered")                                               \
	X(ARP_REPLY, "ARP reply taken in")                                                                             \
	X(ARP_IGNORED, "ARP that does not concern the router")                                                         \
	/* neighbour discovery */                                                                                      \
	X(ND_INVALID, "malformed neighbour discovery, or not from the link")                                           \
	X(ND_SPOOF, "neighbour discovery by somebody who may not be that")                                             \
	X(ND_SOLICITED, "neighbour discovery that asks the router, answered")                                          \
	X(ND_ADVERTISED, "neighbour that was asked for, taken in")                                                     \
	X(ND_ROUTER, "router of an uplink that configures itself, heard")                                              \
	X(ND_IGNORED, "neighbour discovery that does not concern the router")                                          \
	/* DHCP */                                                                                                     \
	X(DHCP_INVALID, "malformed DHCP")                                                                              \
	X(DHCP_SPOOF, "DHCP from an address or to one that it may not be")                                             \
	X(DHCP_LIMIT, "more DHCP than an interface may send")                                                          \
	X(DHCP_ANSWER, "answer of the DHCP server inside that nobody waits for, or with another's address")            \
	X(DHCP_HEARD, "DHCP server of an uplink, heard")                                                               \
	X(DHCP_IGNORED, "DHCP that does not concern the router, or is no answer that it waits for")

enum reason {
#define X(name, text) REASON_##name,
	REASON_LIST(X)
#undef X
		REASON_COUNT
};

/*
 * The name of @reason as in the list above, for metrics and traces, and its one-line
 * explanation. Both are static strings; a value outside the enum is unknown.
 */
const char *reason_get_name(enum reason reason);
const char *reason_get_text(enum reason reason);

#endif
