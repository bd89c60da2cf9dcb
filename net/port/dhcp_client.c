/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DHCP for interfaces whose device entry says so: lwIP's client (RFC 2131). Its timers run here, from the first interface on that
 * asks, so that a domain whose address is told does not wake for them (the Makefile leaves them out of lwIP's own).
 */
#include <cambium/console.h>
#include <cambium/net.h>
#include <cambium/start.h>
#include <lwip/dhcp.h>
#include <lwip/netif.h>
#include <lwip/tcpip.h>
#include <lwip/timeouts.h>
#include <stdbool.h>
#include <string.h>

#include "dhcp_client.h"

#define OPTION_NAME_SERVERS 6u
#define OPTION_SUFFIX 15u
#define SERVERS_MAX 3u
#define SUFFIX_MAX 128u
#define TOLD_AFTER (30u * 1000u / DHCP_FINE_TIMER_MSECS) /* ticks without an address */

static struct {
	bool ticks;
	unsigned fine; /* ticks so far, up to TOLD_AFTER */
	char servers[SERVERS_MAX * IP4ADDR_STRLEN_MAX];
	char suffix[SUFFIX_MAX + 1];
} leased;

static bool is_waiting(void)
{
	for (struct netif *netif = netif_list; netif != NULL; netif = netif->next)
		if (netif_dhcp_data(netif) != NULL && !dhcp_supplied_address(netif))
			return true;
	return false;
}

static void fine_tick(void *arg)
{
	(void)arg;
	if (leased.fine < TOLD_AFTER && ++leased.fine == TOLD_AFTER && is_waiting())
		console_puts("net: no IPv4 address by DHCP in 30 s, asking on: does the domain run that serves it?\n");
	dhcp_fine_tmr();
	sys_timeout(DHCP_FINE_TIMER_MSECS, fine_tick, NULL);
}

static void coarse_tick(void *arg)
{
	(void)arg;
	dhcp_coarse_tmr();
	sys_timeout(DHCP_COARSE_TIMER_MSECS, coarse_tick, NULL);
}

void net_dhcp_start(struct netif *netif)
{
	netif_set_hostname(netif, start_info()->name);
	if (dhcp_start(netif) != ERR_OK) {
		console_puts("net: no memory to ask for an address by DHCP\n");
		return;
	}
	if (leased.ticks)
		return;
	leased.ticks = true;
	sys_timeout(DHCP_FINE_TIMER_MSECS, fine_tick, NULL);
	sys_timeout(DHCP_COARSE_TIMER_MSECS, coarse_tick, NULL);
}

/* The addresses in an option, ADDRESS,... */
static void servers_take(const struct pbuf *message, uint16_t at, uint16_t len)
{
	uint16_t bytes = (uint16_t)LWIP_MIN(len, SERVERS_MAX * sizeof(ip4_addr_t));
	ip4_addr_t addresses[SERVERS_MAX];
	size_t used = 0;

	if (len % sizeof(addresses[0]) != 0 || pbuf_copy_partial(message, addresses, bytes, at) != bytes)
		return;
	leased.servers[0] = '\0';
	for (unsigned i = 0; i < bytes / sizeof(addresses[0]); i++) {
		if (used > 0)
			leased.servers[used++] = ',';
		(void)ip4addr_ntoa_r(&addresses[i], leased.servers + used, IP4ADDR_STRLEN_MAX);
		used += strlen(leased.servers + used);
	}
}

static bool is_of_names(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

/* A suffix of other characters than names have is none. */
static void suffix_take(const struct pbuf *message, uint16_t at, uint16_t len)
{
	char suffix[SUFFIX_MAX + 1] = {0};

	if (len > SUFFIX_MAX || pbuf_copy_partial(message, suffix, len, at) != len)
		return;
	for (uint16_t i = 0; i < len; i++)
		if (!is_of_names(suffix[i]))
			return;
	memcpy(leased.suffix, suffix, sizeof(suffix));
}

void net_dhcp_option(uint8_t code, uint16_t len, const struct pbuf *message, uint16_t at)
{
	if (code == OPTION_NAME_SERVERS)
		servers_take(message, at, len);
	if (code == OPTION_SUFFIX)
		suffix_take(message, at, len);
}

bool net_lease_is_awaited(void)
{
	bool waiting;

	LOCK_TCPIP_CORE();
	waiting = is_waiting();
	UNLOCK_TCPIP_CORE();
	return waiting;
}

const char *net_leased_name_servers(void)
{
	return leased.servers[0] != '\0' ? leased.servers : NULL;
}

const char *net_leased_suffix(void)
{
	return leased.suffix[0] != '\0' ? leased.suffix : NULL;
}
