/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device page and the router's interfaces.
 *
 * Invariant: an inner interface has in the router the identity that its entry names, also while its front is away, so that
 * its addresses never lead to the uplink; its flows are forgotten with every change, so that a front never inherits those
 * of the one before it.
 */
#include "domain.h"

#include <stdio.h>
#include <string.h>

#include <cambium/device.h>
#include <cambium/start.h>
#include <drivers/net/nic_open.h>

#define ETH_LEN 14u

static struct mac mac_from(const uint8_t octets[6])
{
	struct mac mac;

	memcpy(mac.octets, octets, sizeof mac.octets);
	return mac;
}

/* The router's @own address in @net and the @peer's, which are fields of it. */
static struct iface_net net6_from(const struct device_net6 *net, const uint8_t own[16], const uint8_t peer[16])
{
	return (struct iface_net){.addr = ip_addr_read(own, false),
				  .peer = ip_addr_read(peer, false),
				  .prefix_len = (uint8_t)MIN(net->prefix, 255u)};
}

_Static_assert(RELAY_CLIENT == DEVICE_DHCP_ASKS && RELAY_SERVER == DEVICE_DHCP_SERVES, "the entry's numbers");

/* Gives the interface the identity of its entry. False when that is not sane. */
static bool iface_identify(struct router_domain *d, unsigned index, const struct device_entry *e)
{
	struct iface_config config = {.kind = IFACE_INNER,
				      .mac = mac_from(e->net.router_mac),
				      .peer_mac = mac_from(e->net.mac),
				      .v4 = {.addr = ip_addr_from_v4(e->net.gateway),
					     .peer = ip_addr_from_v4(e->net.address),
					     .prefix_len = (uint8_t)MIN(e->net.prefix, 255u)},
				      .v6 = net6_from(&e->net.net6, e->net.net6.gateway, e->net.net6.address),
				      .mtu = (uint16_t)MIN(e->net.mtu, FRAME_LEN_MAX - ETH_LEN),
				      .relay = (uint8_t)MIN(e->dhcp, UINT8_MAX),
				      .peer_id = e->state == DEVICE_OPEN ? e->peer : 0};

	router_iface_clear(&d->brain, index);
	return router_iface_set(&d->brain, index, &config);
}

void iface_detach(struct router_domain *d, unsigned index, const char *why)
{
	netback_detach(&d->backs[index], why);
	shape_forget(d, index);
	router_iface_flush(&d->brain, index);
	report("interface %u (%s) detached: %s", index, d->backs[index].entry.name, why);
}

/* An address by which @iface is called: of IPv4 where it has one. */
static struct ip_addr iface_get_name(const struct iface_config *iface)
{
	return ip_addr_is_unspecified(iface->v4.peer) ? iface->v6.peer : iface->v4.peer;
}

static void update_back(struct router_domain *d, const struct device_entry *entry)
{
	unsigned index = entry->index;
	struct netback *back;
	char text[REPORT_ADDRESS_MAX];
	bool was_open;

	if (index == UPLINK || index >= ROUTER_IF_COUNT) {
		report("an interface number out of range is ignored: %u", index);
		return;
	}
	back = &d->backs[index];
	d->back_mask |= 1u << index;
	back->wake = domain_wake;
	back->wake_arg = d;
	was_open = back->state == NETBACK_OPEN || back->state == NETBACK_WAITING;
	if (!netback_update(back, entry))
		return;
	shape_forget(d, index);
	if (!iface_identify(d, index, entry)) {
		iface_detach(d, index, "its configuration is not sane");
		return;
	}
	switch (back->state) {
	case NETBACK_WAITING:
		report("interface %u (%s) %s open", index, entry->name,
		       address_text(text, iface_get_name(&d->brain.iface[index])));
		break;
	case NETBACK_DETACHED: report("interface %u (%s) not attached: %s", index, entry->name, back->why); break;
	case NETBACK_CLOSED:
	case NETBACK_OPEN:
		if (was_open)
			report("interface %u (%s) closed", index, entry->name);
		break;
	}
}

void domain_update_devices(struct router_domain *d)
{
	d->devices_changed = false;
	for (unsigned i = 0; i < device_count(); i++) {
		struct device_entry entry;

		if (!device_read(i, &entry))
			continue;
		if (entry.kind == DEVICE_NET_BACK)
			update_back(d, &entry);
	}
	events_do(d);
}

static void report_uplink(const struct iface_net *net)
{
	char address[REPORT_ADDRESS_MAX], gateway[REPORT_ADDRESS_MAX];

	if (ip_addr_is_unspecified(net->addr))
		return;
	report("uplink %s/%u via %s", address_text(address, net->addr), net->prefix_len,
	       ip_addr_is_unspecified(net->peer) ? "nobody" : address_text(gateway, net->peer));
}

static bool uplink_set(struct router_domain *d, const struct device_entry *entry)
{
	const struct device_net *net = &entry->net;
	const uint8_t *mac = d->nic->mac;
	struct iface_config config = {.kind = IFACE_UPLINK,
				      .mac = mac_from(mac),
				      .v4 = {.addr = ip_addr_from_v4(net->address),
					     .peer = ip_addr_from_v4(net->gateway),
					     .prefix_len = (uint8_t)MIN(net->prefix, 255u)},
				      .v6 = net6_from(&net->net6, net->net6.address, net->net6.gateway),
				      .autoconf = net->net6.autoconf,
				      .dhcp = entry->dhcp,
				      .mtu = (uint16_t)MIN(net->mtu ? net->mtu : 1500u, d->nic->mtu)};

	if (!router_iface_set(&d->brain, UPLINK, &config)) {
		report("uplink: its configuration is not sane");
		return false;
	}
	d->link_up = d->nic->link_up;
	report("uplink mac %02x:%02x:%02x:%02x:%02x:%02x%s", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5],
	       d->nic->link_up ? "" : ", link down");
	report_uplink(&config.v4);
	report_uplink(&config.v6);
	if (config.dhcp)
		report("uplink: asks for an IPv4 address by DHCP");
	if ((start_info()->features & FEATURE_IOMMU) && d->nic->past_iommu)
		report("uplink: the card reaches memory past the IOMMU: give it iommu_platform=on, or trust it and this domain");
	return true;
}

static void report_lease(const struct router_domain *d)
{
	const struct dhcp_lease *lease = &d->brain.leases[UPLINK].client.lease;
	char server[REPORT_ADDRESS_MAX], length[32] = "without end";

	if (lease->seconds != DHCP_FOREVER)
		snprintf(length, sizeof length, "for %u s", (unsigned)lease->seconds);
	report_uplink(&d->brain.iface[UPLINK].v4);
	report("uplink: leased %s by the DHCP server %s, mtu %u", length,
	       address_text(server, ip_addr_from_v4(lease->server)), (unsigned)d->brain.iface[UPLINK].mtu);
}

void uplink_tell(struct router_domain *d)
{
	switch (router_take_news(&d->brain, UPLINK)) {
	case DHCP_NEWS_NONE: break;
	case DHCP_NEWS_LEASED: report_lease(d); break;
	case DHCP_NEWS_NOBODY:
		report("uplink: no DHCP server answers, asking on: is there one on the link? else give the plan an address");
		break;
	case DHCP_NEWS_UNFIT:
		report("uplink: what DHCP servers offer does not fit, asking on: no mask, less than a minute, a gateway outside the subnet, or a network of this machine's inside");
		break;
	case DHCP_NEWS_REFUSED: report("uplink: the DHCP server refuses the address, asking for another"); break;
	case DHCP_NEWS_TAKEN:
		report("uplink: somebody has the address that the DHCP server leased, asking for another in 10 s");
		break;
	case DHCP_NEWS_ENDED:
		report("uplink: the lease of its address has ended, no DHCP server extended it: asking anew");
		break;
	}
}

bool uplink_open(struct router_domain *d)
{
	struct nic_wake wake = {domain_wake, d};

	for (unsigned i = 0; i < device_count(); i++) {
		struct device_entry entry;
		char why[NIC_WHY_BYTES];

		if (!device_read(i, &entry) || entry.kind != DEVICE_PCI)
			continue;
		d->nic = nic_open(entry.pci_device, &d->frames, wake, why);
		if (d->nic)
			return uplink_set(d, &entry);
		report("uplink: PCI device %u: %s", (unsigned)entry.pci_device, why);
		return false;
	}
	report("no uplink: no PCI device was assigned");
	return true;
}
