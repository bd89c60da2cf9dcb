/* SPDX-License-Identifier: BSD-2-Clause */
/* lwIP's own choice of interface and source address, asked beforehand. */
#include "socket_route.h"

#include <cambium/net.h>
#include <lwip/ip.h>
#include <lwip/netif.h>
#include <lwip/tcpip.h>
#include <string.h>

static bool route4(const struct dns_address *to, struct dns_address *from)
{
	struct netif *netif;
	ip4_addr_t ip;

	memcpy(&ip.addr, to->bytes, sizeof(ip.addr));
	netif = ip4_route(&ip);
	if (netif == NULL || ip4_addr_isany(netif_ip4_addr(netif)))
		return false;
	memcpy(from->bytes, &netif_ip4_addr(netif)->addr, sizeof(ip.addr));
	return true;
}

static bool route6(const struct dns_address *to, struct dns_address *from)
{
	const ip_addr_t *source;
	struct netif *netif;
	ip6_addr_t ip;

	ip6_addr_set_zero(&ip);
	memcpy(ip.addr, to->bytes, sizeof(ip.addr));
	netif = ip6_route(IP6_ADDR_ANY6, &ip);
	source = netif != NULL ? ip6_select_source_address(netif, &ip) : NULL;
	if (source == NULL || ip6_addr_isany(ip_2_ip6(source)))
		return false;
	from->is_v6 = true;
	memcpy(from->bytes, ip_2_ip6(source)->addr, sizeof(from->bytes));
	return true;
}

void sock_route(struct dns_target *target)
{
	net_start();
	memset(&target->from, 0, sizeof(target->from));
	LOCK_TCPIP_CORE();
	target->is_reachable = target->to.is_v6 ? route6(&target->to, &target->from)
						: route4(&target->to, &target->from);
	UNLOCK_TCPIP_CORE();
}

static bool has_v6(const struct netif *netif)
{
	for (unsigned i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++)
		if (ip6_addr_isvalid(netif_ip6_addr_state(netif, i)) &&
		    !ip6_addr_islinklocal(netif_ip6_addr(netif, i)) && !ip6_addr_isloopback(netif_ip6_addr(netif, i)))
			return true;
	return false;
}

bool sock_has_family(bool is_v6)
{
	const struct netif *netif;
	bool has = false;

	net_start();
	LOCK_TCPIP_CORE();
	NETIF_FOREACH(netif)
	has |= is_v6 ? has_v6(netif)
		     : !ip4_addr_isany(netif_ip4_addr(netif)) && !ip4_addr_isloopback(netif_ip4_addr(netif));
	UNLOCK_TCPIP_CORE();
	return has;
}
