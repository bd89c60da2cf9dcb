/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DHCP for interfaces whose device entry says so: lwIP's client (RFC 2131). Its timers run here, from the first interface on that
 * asks, so that a domain whose address is told does not wake for them (the Makefile leaves them out of lwIP's own).
 */
#include <cambium/console.h>
#include <cambium/start.h>
#include <lwip/dhcp.h>
#include <lwip/netif.h>
#include <lwip/timeouts.h>
#include <stdbool.h>

#include "dhcp_client.h"

#define OPTION_NAME_SERVERS 6u
#define TOLD_AFTER (30u * 1000u / DHCP_FINE_TIMER_MSECS) /* ticks without an address */

static struct {
	bool ticks;
	unsigned fine; /* ticks so far, up to TOLD_AFTER */
	unsigned count;
	uint32_t addresses[NET_NAME_SERVERS_MAX];
} names;

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
	if (names.fine < TOLD_AFTER && ++names.fine == TOLD_AFTER && is_waiting())
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
	if (names.ticks)
		return;
	names.ticks = true;
	sys_timeout(DHCP_FINE_TIMER_MSECS, fine_tick, NULL);
	sys_timeout(DHCP_COARSE_TIMER_MSECS, coarse_tick, NULL);
}

void net_dhcp_option(uint8_t code, uint16_t len, const struct pbuf *message, uint16_t at)
{
	unsigned count = LWIP_MIN(len / sizeof(names.addresses[0]), NET_NAME_SERVERS_MAX);
	uint16_t bytes = (uint16_t)(count * sizeof(names.addresses[0]));

	if (code == OPTION_NAME_SERVERS && len % sizeof(names.addresses[0]) == 0 &&
	    pbuf_copy_partial(message, names.addresses, bytes, at) == bytes)
		names.count = count;
}

unsigned net_get_name_servers(uint32_t *addresses)
{
	for (unsigned i = 0; i < names.count; i++)
		addresses[i] = names.addresses[i];
	return names.count;
}
