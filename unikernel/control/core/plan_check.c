/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decides whether a plan may be executed. Invariant: plan_check() reads a field only after the bytes that hold it were
 * found to lie in the plan and to have the plan's digest; what the builder indexes by, it never has to test again.
 */
#include <base/sha256.h>
#include "device_area.h"
#include "name.h"
#include "plan_check.h"
#include "plan_net6.h"

/* What the hypervisor's pages hold (vmm/core/world.h); and what a domain has beside its links. */
#define PORTS_PER_PAGE 256u
#define GRANTS_PER_PAGE 128u
#define MAPPINGS_PER_PAGE 128u
#define PORTS_OWN 16u /* console, device area, virtual interrupts, MSI-X vectors */
#define GRANTS_OWN 32u

static const struct plan_verdict plan_fine = {PLAN_OK, 0};

const char *plan_error_text(enum plan_error error)
{
	switch (error) {
#define PLAN_ERROR_TEXT(name, whose, text)                                                                             \
	case name: return text;
		PLAN_ERRORS(PLAN_ERROR_TEXT)
#undef PLAN_ERROR_TEXT
	}
	return "unknown error";
}

const char *plan_error_whose(enum plan_error error)
{
	switch (error) {
#define PLAN_ERROR_WHOSE(name, whose, text)                                                                            \
	case name: return whose;
		PLAN_ERRORS(PLAN_ERROR_WHOSE)
#undef PLAN_ERROR_WHOSE
	}
	return "plan";
}

uint64_t plan_window_needed(const struct plan_view *view, uint32_t d)
{
	uint32_t flows = view->domains[d].handover;
	uint64_t pages = PLAN_WINDOW_RESERVE + (flows ? HANDOVER_PAGES(flows) : 0);

	for (uint32_t i = 0; i < view->link_count; i++)
		if (view->links[i].back == d)
			pages += NET_RING_PAGES + plan_pool_pages(&view->links[i]);
	return pages;
}

uint64_t plan_window_pages(const struct plan_view *view, uint32_t d)
{
	return view->domains[d].window_pages ? view->domains[d].window_pages : plan_window_needed(view, d);
}

uint32_t plan_table_pages(const struct plan_view *view, uint32_t d)
{
	uint64_t ports = PORTS_OWN, grants = GRANTS_OWN, mappings = plan_window_pages(view, d);

	for (uint32_t i = 0; i < view->link_count; i++)
		if (view->links[i].front == d || view->links[i].back == d)
			ports++;
	grants += device_front_pages(view, d);
	return (uint32_t)((ports + PORTS_PER_PAGE - 1) / PORTS_PER_PAGE +
			  (grants + GRANTS_PER_PAGE - 1) / GRANTS_PER_PAGE +
			  (mappings + MAPPINGS_PER_PAGE - 1) / MAPPINGS_PER_PAGE + 1);
}

static enum plan_error header_check(const void *bytes, uint64_t len, struct plan_view *view)
{
	const struct plan_header *h = bytes;
	uint8_t digest[SHA256_LEN];
	uint64_t tables;

	if (len < sizeof *h)
		return PLAN_TRUNCATED;
	if (h->magic != PLAN_MAGIC)
		return PLAN_BAD_MAGIC;
	if (h->version != PLAN_VERSION)
		return PLAN_BAD_VERSION;
	if (h->domain_count > PLAN_DOMAIN_MAX || h->link_count > PLAN_LINK_MAX)
		return PLAN_BAD_COUNT;
	tables = sizeof *h + h->domain_count * sizeof(struct plan_domain) + h->link_count * sizeof(struct plan_link);
	if (h->length > len || tables > h->length)
		return PLAN_TRUNCATED;
	sha256(h + 1, h->length - sizeof *h, digest);
	for (unsigned i = 0; i < SHA256_LEN; i++)
		if (digest[i] != h->sha256[i])
			return PLAN_BAD_DIGEST;
	if (h->rules_bytes && (h->rules_offset % 8 || h->rules_offset < tables ||
			       !range_within(h->rules_offset, h->rules_bytes, h->length)))
		return PLAN_BAD_RULES;
	view->header = h;
	view->domains = (const struct plan_domain *)(const void *)(h + 1);
	view->links = (const struct plan_link *)(const void *)(view->domains + h->domain_count);
	view->domain_count = h->domain_count;
	view->link_count = h->link_count;
	view->rules_bytes = h->rules_bytes;
	view->rules = h->rules_bytes ? (const uint8_t *)bytes + h->rules_offset : NULL;
	return PLAN_OK;
}

static uint32_t prefix_mask(uint32_t bits)
{
	return bits ? 0xffffffffu << (32 - bits) : 0;
}

/* True when @a and @b are two different hosts of the subnet of @prefix bits (neither its network nor its broadcast). */
static bool two_hosts(uint32_t a, uint32_t b, uint32_t prefix)
{
	uint32_t host;

	if (prefix < 1 || prefix > 30)
		return false;
	host = ~prefix_mask(prefix);
	return a != b && !((a ^ b) & ~host) && (a & host) && (b & host) && (a & host) != host && (b & host) != host;
}

static bool subnets_overlap(uint32_t a, uint32_t a_bits, uint32_t b, uint32_t b_bits)
{
	return a_bits && b_bits && !((a ^ b) & prefix_mask(MIN(a_bits, b_bits)));
}

static bool mac_valid(const uint8_t mac[6])
{
	return !(mac[0] & 1) && (mac[0] | mac[1] | mac[2] | mac[3] | mac[4] | mac[5]);
}

static bool mac_equal(const uint8_t a[6], const uint8_t b[6])
{
	uint8_t differs = 0;

	for (unsigned i = 0; i < 6; i++)
		differs |= (uint8_t)(a[i] ^ b[i]);
	return !differs;
}

static bool mtu_valid(uint32_t mtu, const struct plan_net6 *net6)
{
	return mtu >= (net6_absent(net6) ? PLAN_MTU_MIN : PLAN_MTU6_MIN) && mtu <= PLAN_MTU_MAX;
}

/* Has the link addresses of one family at least, and are they hosts' of its subnet? */
static bool link_addressed(const struct plan_link *l)
{
	if (!net6_valid_link(&l->net6, l->mac))
		return false;
	if (!l->address && !l->prefix && !l->gateway)
		return !net6_absent(&l->net6);
	return two_hosts(l->address, l->gateway, l->prefix);
}

static bool uplink_valid(const struct plan_domain *d)
{
	const struct plan_uplink *u = &d->uplink;

	if (!u->address && !u->prefix && !u->gateway && !u->mtu && !u->dhcp && net6_absent(&d->uplink6))
		return true;
	if (!d->pci_class || !mtu_valid(u->mtu, &d->uplink6) || !net6_valid_uplink(&d->uplink6))
		return false;
	if (!u->address && !u->prefix && !u->gateway)
		return u->dhcp || !net6_absent(&d->uplink6);
	return u->gateway ? two_hosts(u->address, u->gateway, u->prefix) : u->address && u->prefix <= 32;
}

/* Is what the uplink says of DHCP such as it may say? */
static bool dhcp_valid(const struct plan_domain *d)
{
	const struct plan_uplink *u = &d->uplink;

	return !u->dhcp || (u->dhcp == 1 && d->pci_class && !u->address && !u->prefix && !u->gateway);
}

/* Names that were seen, by a hash of theirs: index + 1 of the domain, 0: free. At most half full. */
struct names {
	uint16_t slots[2048];
};

_Static_assert(2 * PLAN_DOMAIN_MAX <= ARRAY_SIZE(((struct names *)0)->slots), "a slot is free always");

/* Adds the name of domain @i; false when an earlier one has it. */
static bool name_add(struct names *names, const struct plan_view *view, uint32_t i)
{
	const char *name = view->domains[i].name;
	uint32_t at = 5381;

	for (const char *c = name; *c; c++)
		at = at * 33 + (uint8_t)*c;
	for (at %= ARRAY_SIZE(names->slots); names->slots[at]; at = (at + 1) % ARRAY_SIZE(names->slots))
		if (name_equal(view->domains[names->slots[at] - 1].name, name))
			return false;
	names->slots[at] = (uint16_t)(i + 1);
	return true;
}

static bool ends_within(const char *text, uint64_t bytes)
{
	for (uint64_t i = 0; i < bytes; i++)
		if (!text[i])
			return true;
	return false;
}

/* Is the command line of @d, the long one if there is one, a text that lies behind the plan's tables? */
static bool cmdline_valid(const struct plan_view *view, const struct plan_domain *d)
{
	const char *plan = (const char *)view->header;
	uint64_t tables = (uint64_t)((const char *)(view->links + view->link_count) - plan), at = d->long_cmdline;

	if (!ends_within(d->cmdline, sizeof d->cmdline))
		return false;
	if (!at)
		return true;
	return !d->cmdline[0] && at >= tables && at < view->header->length &&
	       ends_within(plan + at, MIN(view->header->length - at, (uint64_t)PLAN_CMDLINE_MAX));
}

static enum plan_error domain_names(const struct plan_view *view, uint32_t i, struct names *names)
{
	const struct plan_domain *d = &view->domains[i];

	if (!name_valid(d->name, sizeof d->name) || name_equal(d->name, "control"))
		return PLAN_DOMAIN_NAME;
	if (!name_add(names, view, i))
		return PLAN_DOMAIN_TWICE;
	if (!name_valid(d->image, sizeof d->image))
		return PLAN_DOMAIN_IMAGE;
	return cmdline_valid(view, d) ? PLAN_OK : PLAN_DOMAIN_CMDLINE;
}

static enum plan_error domain_check(const struct plan_view *view, uint32_t i, struct names *names)
{
	const struct plan_domain *d = &view->domains[i];
	enum plan_error error = domain_names(view, i, names);

	if (error)
		return error;
	if (d->mem_pages < PLAN_MEM_PAGES_MIN || d->mem_pages > PLAN_MEM_PAGES_MAX)
		return PLAN_DOMAIN_MEMORY;
	if (d->mem_max_pages && (d->mem_max_pages < d->mem_pages || d->mem_max_pages > PLAN_MEM_PAGES_MAX))
		return PLAN_DOMAIN_MAXIMUM;
	if (d->window_pages > PLAN_WINDOW_PAGES_MAX)
		return PLAN_DOMAIN_WINDOW;
	if (d->weight > 65535)
		return PLAN_DOMAIN_WEIGHT;
	if (d->vcpus > VCPU_MAX)
		return PLAN_DOMAIN_VCPUS;
	if (d->capabilities & ~CAP_ALL)
		return PLAN_DOMAIN_CAPABILITIES;
	if (d->restart > PLAN_RESTART_ALWAYS)
		return PLAN_DOMAIN_RESTART;
	if (d->pci_class > 0xffff)
		return PLAN_DOMAIN_PCI;
	for (uint32_t j = 0; d->pci_class && j < i; j++)
		if (view->domains[j].pci_class == d->pci_class && view->domains[j].pci_nth == d->pci_nth)
			return PLAN_DOMAIN_PCI;
	if (d->takes_rules > 1)
		return PLAN_DOMAIN_RULES;
	for (uint32_t j = 0; d->takes_rules && j < i; j++)
		if (view->domains[j].takes_rules)
			return PLAN_DOMAIN_RULES;
	if (d->handover && (!d->takes_rules || d->handover > HANDOVER_FLOWS_MAX))
		return PLAN_DOMAIN_HANDOVER;
	if (!dhcp_valid(d))
		return PLAN_DOMAIN_DHCP;
	return uplink_valid(d) ? PLAN_OK : PLAN_DOMAIN_UPLINK;
}

/* Is there a server, where link @i asks by DHCP; is it the only one, where it serves? */
static enum plan_error link_dhcp_check(const struct plan_view *view, uint32_t i)
{
	const struct plan_link *l = &view->links[i];
	bool has_server = false;

	if (l->dhcp > PLAN_DHCP_SERVES || !l->address)
		return PLAN_LINK_DHCP;
	for (uint32_t j = 0; j < view->link_count; j++) {
		const struct plan_link *o = &view->links[j];

		if (o->back != l->back || o->dhcp != PLAN_DHCP_SERVES)
			continue;
		if (l->dhcp == PLAN_DHCP_SERVES && j < i)
			return PLAN_LINK_DHCP_TWICE;
		has_server = true;
	}
	return l->dhcp != PLAN_DHCP_ASKS || has_server ? PLAN_OK : PLAN_LINK_DHCP_NOBODY;
}

static enum plan_error link_check(const struct plan_view *view, uint32_t i)
{
	const struct plan_link *l = &view->links[i];
	const struct plan_uplink *up;

	if (l->kind != PLAN_LINK_NET)
		return PLAN_LINK_KIND;
	if (l->front >= view->domain_count || l->back >= view->domain_count || l->front == l->back)
		return PLAN_LINK_ENDS;
	if (l->index < 1 || l->index > 31)
		return PLAN_LINK_INDEX;
	if (!mac_valid(l->mac) || !mac_valid(l->router_mac) || mac_equal(l->mac, l->router_mac))
		return PLAN_LINK_MAC;
	if (!link_addressed(l))
		return PLAN_LINK_ADDRESS;
	if (!mtu_valid(l->mtu, &l->net6))
		return PLAN_LINK_MTU;
	if (l->pool_pages > NET_POOL_PAGES_MAX)
		return PLAN_LINK_POOL;
	up = &view->domains[l->back].uplink;
	if ((up->address && subnets_overlap(l->address, l->prefix, up->address, up->prefix)) ||
	    net6_overlap(&l->net6, &view->domains[l->back].uplink6))
		return PLAN_LINK_ADDRESS;
	for (uint32_t j = 0; j < i; j++) {
		const struct plan_link *o = &view->links[j];
		if (mac_equal(o->mac, l->mac))
			return PLAN_LINK_MAC;
		if (o->back != l->back)
			continue;
		if (o->index == l->index)
			return PLAN_LINK_INDEX;
		if (subnets_overlap(l->address, l->prefix, o->address, o->prefix) || net6_overlap(&l->net6, &o->net6))
			return PLAN_LINK_ADDRESS;
	}
	return l->dhcp ? link_dhcp_check(view, i) : PLAN_OK;
}

/*
 * Fills in view->order, backs first; false when links form a cycle. In each round come those that wait for nobody: of a
 * plan without links that is one round, and a chain of backs as long as links allow is one of a few.
 */
static bool order_find(struct plan_view *view)
{
	uint16_t waits[PLAN_DOMAIN_MAX] = {0}; /* links to backs that are not in the order yet; DONE: is in it */
	uint32_t count = 0, before;
	const uint16_t done = UINT16_MAX;

	for (uint32_t i = 0; i < view->link_count; i++)
		waits[view->links[i].front]++;
	do {
		before = count;
		for (uint32_t d = 0; d < view->domain_count; d++)
			if (!waits[d]) {
				waits[d] = done;
				view->order[count++] = d;
			}
		for (uint32_t n = before; n < count; n++)
			for (uint32_t i = 0; i < view->link_count; i++)
				if (view->links[i].back == view->order[n])
					waits[view->links[i].front]--;
	} while (count > before);
	return count == view->domain_count;
}

struct plan_verdict plan_check(const void *bytes, uint64_t len, struct plan_view *view)
{
	enum plan_error error = header_check(bytes, len, view);
	struct names names = {{0}};

	if (error)
		return (struct plan_verdict){error, 0};
	for (uint32_t i = 0; i < view->domain_count; i++) {
		error = domain_check(view, i, &names);
		if (error)
			return (struct plan_verdict){error, i};
	}
	for (uint32_t i = 0; i < view->link_count; i++) {
		error = link_check(view, i);
		if (error)
			return (struct plan_verdict){error, i};
	}
	for (uint32_t i = 0; i < view->domain_count; i++) {
		if (plan_window_pages(view, i) < plan_window_needed(view, i))
			return (struct plan_verdict){PLAN_DOMAIN_WINDOW, i};
		if (device_area_pages(view, i) > DEVICE_PAGES_MAX)
			return (struct plan_verdict){PLAN_DOMAIN_RULES, i};
	}
	return order_find(view) ? plan_fine : (struct plan_verdict){PLAN_LINK_CYCLE, 0};
}
