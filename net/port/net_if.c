/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lwIP's side of a network front end.
 *
 * Each interface has a thread that runs netfront_poll() under lwIP's core lock, a batch at a time; the front end's wake
 * callback only makes it ready. Sending happens in whatever thread holds the core lock.
 *
 * Checksums. Where the other end takes NET_CSUM_BLANK, lwIP leaves the TCP or UDP checksum field zero and the pseudo
 * header's sum is put there on the way out (abi/net_ring.h). What arrives already verified, or never left the machine,
 * is not summed again: the flag that lwIP looks at is set per packet.
 *
 * Units. lwIP makes no segment longer than the MSS, but several in a row while it holds the core lock: nothing is shown to
 * the back end before the lock is given back, and segments that continue each other are joined to one packet until then
 * (drivers/net/join.h). What arrives as a unit goes to lwIP as one segment.
 */
#include <cambium/console.h>
#include <cambium/fd.h>
#include <cambium/thread.h>
#include <drivers/net/join.h>
#include <drivers/net/netfront.h>
#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <lwip/netif.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/tcpip.h>
#include <netif/ethernet.h>
#include <stdlib.h>
#include <string.h>

#include "dhcp_client.h"
#include "hooks.h"
#include "net_if.h"
#include "rx_pool.h"

#define POLL_BUDGET 64u
#define IPV4_HEADER_BYTES 20u
#define IPV6_HEADER_BYTES 40u
#define TCP_CHECKSUM_OFFSET 16u
#define CHECK_L4 (NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_UDP)

struct net_if {
	struct netif netif;
	struct netfront *front;
	struct net_if *next; /* of all */
	bool pending;        /* the thread has to look */
	bool sent;           /* something since the back end was last shown what there is */
	struct join join;    /* the packet sent last, while it may grow */
	struct waitq idle;
	ip6_addr_t gateway6; /* any: whoever advertises itself */
};

static struct net_if *interfaces;

void net_core_unlock(void)
{
	for (struct net_if *nif = interfaces; nif != NULL; nif = nif->next)
		if (nif->sent) {
			nif->sent = false;
			nif->join.open = false;
			netfront_tx_flush(nif->front);
		}
	sys_mutex_unlock(&lock_tcpip_core);
}

void net_core_lock(void)
{
	sys_mutex_lock(&lock_tcpip_core);
}

static void on_wake(void *arg)
{
	struct net_if *nif = arg;

	nif->pending = true;
	(void)waitq_wake_one(&nif->idle);
}

static void on_writable(void *arg)
{
	(void)arg;
	tcp_txnow();
	fd_changed(); /* who waits to send a datagram */
}

static void on_receive(void *arg, const struct netfront *front, const struct net_packet *packet)
{
	struct net_if *nif = arg;
	struct pbuf *p = rx_pool_alloc(packet->total);

	if (p == NULL)
		return;
	netfront_copy(front, packet, p->payload);
	if (packet->flags & (NET_CSUM_VALID | NET_CSUM_BLANK))
		nif->netif.chksum_flags &= (u16_t)~CHECK_L4;
	else
		nif->netif.chksum_flags |= CHECK_L4;
	if (ethernet_input(p, &nif->netif) != ERR_OK)
		pbuf_free(p);
	nif->netif.chksum_flags &= (u16_t)~CHECK_L4; /* as for packets to ourselves, which have no checksum */
}

/*
 * What the other end takes now: a back end that was started again may be another one. UDP's checksum is always made here, since
 * a datagram may leave in fragments, none of which has all that is under it.
 */
static void follow_features(struct net_if *nif)
{
	if (netfront_identity(nif->front)->features & NET_FEATURE_CSUM)
		nif->netif.chksum_flags &= (u16_t)~NETIF_CHECKSUM_GEN_TCP;
	else
		nif->netif.chksum_flags |= NETIF_CHECKSUM_GEN_TCP;
}

static void poll_thread(void *arg)
{
	struct net_if *nif = arg;

	for (;;) {
		bool more;

		while (!nif->pending)
			(void)waitq_wait(&nif->idle, TIME_NEVER);
		nif->pending = false;
		LOCK_TCPIP_CORE();
		more = netfront_poll(nif->front, POLL_BUDGET);
		follow_features(nif);
		UNLOCK_TCPIP_CORE();
		if (more) {
			nif->pending = true;
			thread_yield();
		}
	}
}

static uint32_t be16(const u8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

/* Where a frame has its layer 4, and what of the pseudo header can be summed up already. */
struct layer4 {
	uint32_t start;
	uint32_t sum; /* addresses, protocol and length */
	u8_t proto;
};

static uint32_t sum_of(const u8_t *p, unsigned bytes)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < bytes; i += 2)
		sum += be16(p + i);
	return sum;
}

/* Reads the @bytes bytes at @head, the first ones of a frame. False: it is no whole IP packet of one piece. */
static bool layer4_read(const u8_t *head, unsigned bytes, struct layer4 *l4)
{
	const u8_t *ip = head + SIZEOF_ETH_HDR;

	if (bytes >= SIZEOF_ETH_HDR + IPV4_HEADER_BYTES && be16(head + 12) == ETHTYPE_IP &&
	    (be16(ip + 6) & (IP_MF | IP_OFFMASK)) == 0) {
		uint32_t header = (ip[0] & 0xfu) * 4;

		*l4 = (struct layer4){SIZEOF_ETH_HDR + header, ip[9] + be16(ip + 2) - header + sum_of(ip + 12, 8),
				      ip[9]};
		return true;
	}
	if (bytes >= SIZEOF_ETH_HDR + IPV6_HEADER_BYTES && be16(head + 12) == ETHTYPE_IPV6) {
		*l4 = (struct layer4){SIZEOF_ETH_HDR + IPV6_HEADER_BYTES, ip[6] + be16(ip + 4) + sum_of(ip + 8, 32),
				      ip[6]};
		return true;
	}
	return false;
}

/*
 * Where the TCP checksum of the frame @p was left out: writes the pseudo header's sum into its field in @frame, the copy to
 * be sent, tells where the sum starts and the field's offset from there, and returns NET_CSUM_BLANK. Else, where lwIP has
 * made it, NET_CSUM_VALID.
 */
static uint16_t blank_checksum(const struct pbuf *p, u8_t *frame, uint16_t *start, uint16_t *offset)
{
	u8_t head[SIZEOF_ETH_HDR + IPV6_HEADER_BYTES];
	struct layer4 l4;
	uint32_t sum;

	if (!layer4_read(head, pbuf_copy_partial(p, head, sizeof(head), 0), &l4) || l4.proto != IP_PROTO_TCP ||
	    l4.start + TCP_CHECKSUM_OFFSET + 2 > p->tot_len)
		return NET_CSUM_VALID;
	sum = (l4.sum & 0xffff) + (l4.sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	*start = (uint16_t)l4.start;
	*offset = TCP_CHECKSUM_OFFSET;
	frame[*start + TCP_CHECKSUM_OFFSET] = (u8_t)(sum >> 8);
	frame[*start + TCP_CHECKSUM_OFFSET + 1] = (u8_t)sum;
	return NET_CSUM_BLANK;
}

/* Sends @p as a packet of its own, from the buffer @to on. @head: its first @have bytes. */
static void output_alone(struct net_if *nif, struct pbuf *p, void *to, const u8_t *head, unsigned have)
{
	uint16_t flags = NET_CSUM_VALID, start = 0, offset = 0;

	(void)pbuf_copy_partial(p, to, p->tot_len, 0);
	if ((nif->netif.chksum_flags & NETIF_CHECKSUM_GEN_TCP) == 0)
		flags = blank_checksum(p, to, &start, &offset);
	netfront_tx_commit(nif->front, p->tot_len, flags, start, offset);
	if (flags == NET_CSUM_BLANK && netfront_tx_may_grow(nif->front))
		join_begin(&nif->join, head, have, p->tot_len);
	else
		nif->join.open = false;
}

/* Sends @p, which continues the packet sent last, as a part of that; its payload goes to the buffer @to. */
static void output_joined(struct net_if *nif, struct pbuf *p, void *to, const u8_t *head)
{
	struct join *join = &nif->join;
	uint16_t part = (uint16_t)(p->tot_len - join->header_len);

	(void)pbuf_copy_partial(p, to, part, join->header_len);
	join_add(join, head, p->tot_len);
	memcpy(netfront_tx_grow(nif->front, part, join->gso_size, join->ipv6 ? NET_GSO_TCP6 : NET_GSO_TCP4), join->head,
	       join->header_len);
}

static err_t output(struct netif *netif, struct pbuf *p)
{
	struct net_if *nif = netif->state;
	u8_t head[JOIN_HEAD_MAX];
	unsigned have;
	bool joins;
	void *buffer;

	if (p->tot_len > NET_BUFFER_BYTES)
		return ERR_BUF;
	have = pbuf_copy_partial(p, head, sizeof(head), 0);
	joins = netfront_tx_may_grow(nif->front) && join_fits(&nif->join, head, have, p->tot_len);
	switch (netfront_tx_buffer(nif->front, &buffer)) {
	case NETFRONT_READY: break;
	case NETFRONT_FULL: return ERR_MEM;
	default: return ERR_OK; /* lost, as on a wire without a far end */
	}
	if (joins)
		output_joined(nif, p, buffer, head);
	else
		output_alone(nif, p, buffer, head, have);
	nif->sent = true;
	return ERR_OK;
}

static err_t netif_setup(struct netif *netif)
{
	struct net_if *nif = netif->state;
	const struct device_net *net = netfront_identity(nif->front);

	netif->name[0] = 'e';
	netif->name[1] = 'n';
	netif->mtu = (u16_t)net->mtu;
	netif->hwaddr_len = ETH_HWADDR_LEN;
	memcpy(netif->hwaddr, net->mac, ETH_HWADDR_LEN);
	netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
	netif->output = etharp_output;
	netif->output_ip6 = ethip6_output;
	netif->linkoutput = output;
	netif->chksum_flags = NETIF_CHECKSUM_ENABLE_ALL & ~CHECK_L4;
	follow_features(nif);
	return ERR_OK;
}

const ip6_addr_t *net_if_gateway6(struct netif *netif)
{
	const struct net_if *nif = netif->state;

	return netif->output_ip6 == ethip6_output && !ip6_addr_isany(&nif->gateway6) ? &nif->gateway6 : NULL;
}

/* A link-local address, and the one that the device page names or that the router's prefix makes. */
static void configure6(struct net_if *nif)
{
	const struct device_net6 *net6 = &netfront_identity(nif->front)->net6;
	ip6_addr_t address = *IP6_ADDR_ANY6;

	netif_create_ip6_linklocal_address(&nif->netif, 1);
	netif_set_ip6_autoconfig_enabled(&nif->netif, net6->prefix == 0);
	if (net6->prefix == 0)
		return;
	memcpy(address.addr, net6->address, sizeof(net6->address));
	memcpy(nif->gateway6.addr, net6->gateway, sizeof(net6->gateway));
	if (netif_add_ip6_address(&nif->netif, &address, NULL) != ERR_OK)
		console_puts("net: lwIP refuses an IPv6 address\n");
}

static void configure(struct net_if *nif)
{
	static const u8_t no_mac[ETH_HWADDR_LEN];
	const struct device_net *net = netfront_identity(nif->front);
	ip4_addr_t gateway = {.addr = lwip_htonl(net->gateway)};
	struct eth_addr router;

	configure6(nif);
	netif_set_up(&nif->netif);
	if (netif_default == NULL)
		netif_set_default(&nif->netif);
	if (net->gateway == 0)
		return;
	memcpy(router.addr, net->router_mac, sizeof(router.addr));
	if (memcmp(router.addr, no_mac, sizeof(no_mac)) != 0)
		(void)etharp_add_static_entry(&gateway, &router);
}

static bool fail(const char *why)
{
	console_puts(why);
	return false;
}

bool net_if_attach(unsigned entry, bool asks)
{
	struct net_if *nif = calloc(1, sizeof(*nif));
	struct netfront_user user = {.arg = nif, .wake = on_wake, .receive = on_receive, .writable = on_writable};
	const struct device_net *net;
	ip4_addr_t address, mask, gateway;

	if (nif == NULL)
		return fail("net: no memory for an interface\n");
	nif->front = netfront_attach(entry, &user);
	if (nif->front == NULL) {
		free(nif);
		return fail("net: a network device that cannot be used\n");
	} /* from here on the front end knows nif: it is never freed */
	net = netfront_identity(nif->front);
	if (net->prefix > 32 || net->mtu < 576 || net->mtu > NET_BUFFER_BYTES - SIZEOF_ETH_HDR)
		return fail("net: a network device with a bad prefix or MTU\n");
	address.addr = lwip_htonl(net->address);
	mask.addr = lwip_htonl(net->prefix == 0 ? 0 : ~0u << (32 - net->prefix));
	gateway.addr = lwip_htonl(net->gateway);
	if (netif_add(&nif->netif, &address, &mask, &gateway, nif, netif_setup, ethernet_input) == NULL)
		return fail("net: lwIP refuses an interface\n");
	configure(nif);
	nif->next = interfaces;
	interfaces = nif;
	nif->pending = true;
	if (thread_create("net-if", poll_thread, nif, 0) == NULL)
		console_puts("net: no memory for an interface's thread\n");
	if (asks)
		net_dhcp_start(&nif->netif);
	return true;
}
