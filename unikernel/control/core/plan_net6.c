/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv6 in a plan. Invariant: what is valid has a prefix of 1..126 bits, and hosts in it that are no router's anycast. */
#include <string.h>

#include "plan_net6.h"

static const uint8_t zero[16];

static bool is_empty(const struct plan_net6 *net)
{
	return !net->prefix && !memcmp(net->address, zero, 16) && !memcmp(net->gateway, zero, 16);
}

bool net6_absent(const struct plan_net6 *net)
{
	return !net->autoconf && is_empty(net);
}

/* Do the first @bits bits of @a and @b agree? */
static bool bits_agree(const uint8_t *a, const uint8_t *b, uint32_t bits)
{
	if (memcmp(a, b, bits / 8))
		return false;
	return bits % 8 == 0 || (a[bits / 8] ^ b[bits / 8]) >> (8 - bits % 8) == 0;
}

/* Are the bits of @address behind the first @bits all zero? */
static bool rest_is_zero(const uint8_t *address, uint32_t bits)
{
	if (bits % 8 && (address[bits / 8] & 0xff >> bits % 8))
		return false;
	return !memcmp(address + (bits + 7) / 8, zero, 16 - (bits + 7) / 8);
}

static bool is_link_local(const uint8_t *address)
{
	return address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
}

/* A unicast address of more than one link, of a station in its prefix of @bits bits. */
static bool is_host(const uint8_t *address, uint32_t bits)
{
	static const uint8_t v4[12] = {[10] = 0xff, [11] = 0xff};

	return address[0] != 0xff && !is_link_local(address) && memcmp(address, zero, 12) && memcmp(address, v4, 12) &&
	       !rest_is_zero(address, bits);
}

/* Are the two different hosts of the prefix? */
static bool two_hosts(const struct plan_net6 *net)
{
	return is_host(net->address, net->prefix) && is_host(net->gateway, net->prefix) &&
	       memcmp(net->address, net->gateway, 16) && bits_agree(net->address, net->gateway, net->prefix);
}

static bool prefix_valid(const struct plan_net6 *net)
{
	return net->prefix >= 1 && net->prefix <= 126;
}

bool net6_valid_uplink(const struct plan_net6 *net)
{
	if (net6_absent(net))
		return true;
	if (net->autoconf)
		return net->autoconf == 1 && is_empty(net);
	if (!prefix_valid(net))
		return false;
	if (!memcmp(net->gateway, zero, 16) || is_link_local(net->gateway))
		return is_host(net->address, net->prefix);
	return two_hosts(net);
}

bool net6_valid_link(const struct plan_net6 *net, const uint8_t mac[6])
{
	const uint8_t id[8] = {mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]};

	if (net6_absent(net))
		return true;
	if (!prefix_valid(net) || net->autoconf > 1 || !two_hosts(net))
		return false;
	return !net->autoconf || (net->prefix == 64 && !memcmp(net->address + 8, id, sizeof id));
}

bool net6_overlap(const struct plan_net6 *a, const struct plan_net6 *b)
{
	return a->prefix && b->prefix &&
	       bits_agree(a->address, b->address, a->prefix < b->prefix ? a->prefix : b->prefix);
}

struct device_net6 net6_device(const struct plan_net6 *net)
{
	struct device_net6 out = {.prefix = net->prefix, .autoconf = net->autoconf};

	memcpy(out.address, net->address, 16);
	memcpy(out.gateway, net->gateway, 16);
	return out;
}
