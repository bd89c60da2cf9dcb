/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line: options, and the names of the zone.
 *
 *   --suffix=NAME             what names end with: cambium.internal
 *   --port=NUMBER             53
 *   --upstream=ADDRESS,...    whom to ask about all else, in turn; ADDRESS#PORT for another port than 53
 *   --upstream=lease          those too that the router's uplink was told with its lease, behind all others
 *   --router=ADDRESS          the router's address on our link, which is asked for those
 *   --inside=NET/LENGTH,...   who else may ask about all else, besides the domains named
 *   NAME=ADDRESS,...          a domain and its addresses, IPv4 or IPv6
 *   --lease=NAME,ADDRESS/LENGTH,ROUTER,MTU
 *                             what the domain NAME is told by DHCP; without one no DHCP is served
 *   --address=ADDRESS         our own, which leases name as that of their server and name server
 *   --lease-time=SECONDS      86400
 *
 * `internal` is the top-level domain that is set aside for such names for good; home.arpa (RFC 8375) is that of homes.
 */
#ifndef SERVICES_CONFIG_H
#define SERVICES_CONFIG_H

#include "dhcp_names.h"
#include "dhcp_server.h"
#include "dns_server.h"

struct config {
	uint16_t port;
	struct dns_server *server; /* its zone, upstreams and nets are set */
	struct dhcp_server *dhcp;  /* its links, address, time and suffix are set */
	struct dhcp_names *names;  /* whether it is wanted, and addresses */
};

/* Reads the words behind the program's name. NULL, or what is wrong with *@word. */
const char *config_read(struct config *config, int count, char **words, const char **word);

#endif
