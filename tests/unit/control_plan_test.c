/* SPDX-License-Identifier: BSD-2-Clause */
/* The plan check: a good plan passes, and each way of damaging it is found and named. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <criterion/criterion.h>

#include <base/sha256.h>
#include <unikernel/control/core/device_area.h>
#include <unikernel/control/core/name.h>
#include <unikernel/control/core/plan_check.h>

#define RULES_BYTES 96u

/* A router with two webs behind it, and the bytes of "rules" that nobody interprets here. */
struct small_plan {
	struct plan_header header;
	struct plan_domain domains[3];
	struct plan_link links[2];
	uint8_t rules[RULES_BYTES];
};

static void seal(struct small_plan *p)
{
	sha256(&p->header + 1, sizeof *p - sizeof p->header, p->header.sha256);
}

static void domain_set(struct plan_domain *d, const char *name, const char *image)
{
	name_copy(d->name, sizeof d->name, name);
	name_copy(d->image, sizeof d->image, image);
	d->mem_pages = 1024;
	d->window_pages = 1024;
	d->restart = PLAN_RESTART_ALWAYS;
}

static void link_set(struct plan_link *l, uint32_t front, uint8_t number)
{
	*l = (struct plan_link){.kind = PLAN_LINK_NET,
				.front = front,
				.back = 0,
				.index = number,
				.mac = {2, 0, 0, 0, number, 2},
				.router_mac = {2, 0, 0, 0, number, 1},
				.address = 0x0a010002u | (uint32_t)number << 8,
				.prefix = 24,
				.gateway = 0x0a010001u | (uint32_t)number << 8,
				.mtu = 1500};
}

static void good_plan(struct small_plan *p)
{
	memset(p, 0, sizeof *p);
	p->header.magic = PLAN_MAGIC;
	p->header.version = PLAN_VERSION;
	p->header.length = sizeof *p;
	p->header.domain_count = 3;
	p->header.link_count = 2;
	p->header.rules_offset = offsetof(struct small_plan, rules);
	p->header.rules_bytes = RULES_BYTES;
	memset(p->rules, 0x5a, sizeof p->rules);
	domain_set(&p->domains[0], "router", "router");
	domain_set(&p->domains[1], "web1", "web");
	domain_set(&p->domains[2], "web2", "web");
	p->domains[0].pci_class = 0x0200;
	p->domains[0].takes_rules = 1;
	p->domains[0].uplink = (struct plan_uplink){
		.address = 0x0a00020f, .prefix = 24, .gateway = 0x0a000202, .mtu = 1500};
	link_set(&p->links[0], 1, 1);
	link_set(&p->links[1], 2, 2);
	seal(p);
}

static struct plan_verdict verdict_of(struct small_plan *p)
{
	struct plan_view view;

	seal(p);
	return plan_check(p, sizeof *p, &view);
}

Test(control_plan, a_good_plan_passes_and_its_parts_are_found)
{
	struct small_plan p;
	struct plan_view view;

	good_plan(&p);
	cr_assert_eq(plan_check(&p, sizeof p, &view).error, PLAN_OK);
	cr_assert_eq(view.domains, p.domains);
	cr_assert_eq(view.links, p.links);
	cr_assert_eq(view.rules, p.rules);
	cr_assert_eq(view.rules_bytes, RULES_BYTES);
	cr_assert_eq(view.order[0], 0, "the router is the others' back end");
}

Test(control_plan, a_plan_without_domains_passes)
{
	struct plan_header h = {.magic = PLAN_MAGIC, .version = PLAN_VERSION, .length = sizeof h};
	struct plan_view view;

	sha256(&h + 1, 0, h.sha256);
	cr_assert_eq(plan_check(&h, sizeof h, &view).error, PLAN_OK);
	cr_assert_eq(view.domain_count, 0);
}

Test(control_plan, every_shorter_length_is_refused_without_reading_behind_it)
{
	struct small_plan p;
	struct plan_view view;

	good_plan(&p);
	for (size_t len = 0; len < sizeof p; len += 4) {
		void *exact = malloc(len ? len : 1); /* the sanitizer watches its end */
		memcpy(exact, &p, len);
		cr_assert_neq(plan_check(exact, len, &view).error, PLAN_OK, "length %zu", len);
		free(exact);
	}
}

Test(control_plan, any_flipped_bit_behind_the_header_breaks_the_digest)
{
	struct small_plan p;
	struct plan_view view;

	good_plan(&p);
	for (size_t at = sizeof p.header; at < sizeof p; at += 7) {
		((uint8_t *)&p)[at] ^= 0x10;
		cr_assert_eq(plan_check(&p, sizeof p, &view).error, PLAN_BAD_DIGEST);
		((uint8_t *)&p)[at] ^= 0x10;
	}
}

Test(control_plan, a_damaged_header_never_passes_and_never_leads_outside)
{
	struct small_plan p;
	struct plan_view view;
	unsigned seed = 7;

	for (int round = 0; round < 20000; round++) {
		good_plan(&p);
		for (int i = 0; i < 2; i++) {
			size_t at = (size_t)rand_r(&seed) % (sizeof p.header - 32);
			((uint8_t *)&p.header)[at] ^= (uint8_t)(1 << rand_r(&seed) % 8);
		}
		seal(&p);
		/* whatever it says, it may only read the plan: the sanitizer is the oracle */
		(void)plan_check(&p, sizeof p, &view);
	}
}

#define REFUSES(name, change, want, number)                                                                            \
	Test(control_plan, name)                                                                                       \
	{                                                                                                              \
		struct small_plan p;                                                                                   \
		struct plan_verdict v;                                                                                 \
		good_plan(&p);                                                                                         \
		change;                                                                                                \
		v = verdict_of(&p);                                                                                    \
		cr_assert_eq(v.error, want, "says: %s", plan_error_text(v.error));                                     \
		cr_assert_eq(v.index, (uint32_t)(number));                                                             \
	}

REFUSES(a_foreign_magic_is_refused, p.header.magic++, PLAN_BAD_MAGIC, 0)
REFUSES(another_version_is_refused, p.header.version++, PLAN_BAD_VERSION, 0)
REFUSES(too_many_domains_are_refused, p.header.domain_count = PLAN_DOMAIN_MAX + 1, PLAN_BAD_COUNT, 0)
REFUSES(too_many_links_are_refused, p.header.link_count = PLAN_LINK_MAX + 1, PLAN_BAD_COUNT, 0)
REFUSES(more_domains_than_bytes_are_refused, p.header.domain_count = 30, PLAN_TRUNCATED, 0)
REFUSES(rules_beyond_the_end_are_refused, p.header.rules_bytes += 8, PLAN_BAD_RULES, 0)
REFUSES(rules_inside_the_tables_are_refused, p.header.rules_offset -= 8, PLAN_BAD_RULES, 0)
REFUSES(rules_with_a_wrapping_end_are_refused, p.header.rules_bytes = 0xffffffffu, PLAN_BAD_RULES, 0)
REFUSES(an_empty_name_is_refused, p.domains[1].name[0] = 0, PLAN_DOMAIN_NAME, 1)
REFUSES(an_unterminated_name_is_refused, memset(p.domains[1].name, 'a', 16), PLAN_DOMAIN_NAME, 1)
REFUSES(a_name_with_rubbish_behind_it_is_refused, p.domains[1].name[15] = 'x', PLAN_DOMAIN_NAME, 1)
REFUSES(a_name_with_a_newline_is_refused, p.domains[1].name[1] = '\n', PLAN_DOMAIN_NAME, 1)
REFUSES(the_name_control_is_taken, name_copy(p.domains[2].name, 16, "control"), PLAN_DOMAIN_NAME, 2)
REFUSES(two_domains_of_one_name_are_refused, name_copy(p.domains[2].name, 16, "web1"), PLAN_DOMAIN_TWICE, 2)
REFUSES(an_empty_image_name_is_refused, p.domains[0].image[0] = 0, PLAN_DOMAIN_IMAGE, 0)
REFUSES(an_unterminated_command_line_is_refused, memset(p.domains[0].cmdline, 'a', 256), PLAN_DOMAIN_CMDLINE, 0)
REFUSES(a_long_command_line_in_the_rules_is_one, (p.domains[0].long_cmdline = p.header.rules_offset, p.rules[9] = 0),
	PLAN_OK, 0)
REFUSES(a_long_command_line_that_ends_with_the_plan_is_one,
	(p.domains[0].long_cmdline = (uint32_t)sizeof p - 1, p.rules[RULES_BYTES - 1] = 0), PLAN_OK, 0)
REFUSES(a_long_command_line_without_an_end_is_refused, p.domains[0].long_cmdline = p.header.rules_offset,
	PLAN_DOMAIN_CMDLINE, 0)
REFUSES(a_long_command_line_behind_the_plan_is_refused, p.domains[1].long_cmdline = (uint32_t)sizeof p,
	PLAN_DOMAIN_CMDLINE, 1)
REFUSES(a_long_command_line_far_behind_the_plan_is_refused, p.domains[1].long_cmdline = UINT32_MAX, PLAN_DOMAIN_CMDLINE,
	1)
REFUSES(a_long_command_line_in_the_tables_is_refused, p.domains[0].long_cmdline = p.header.rules_offset - 1,
	PLAN_DOMAIN_CMDLINE, 0)
REFUSES(two_command_lines_of_one_domain_are_refused,
	(p.domains[0].long_cmdline = p.header.rules_offset, p.rules[9] = 0, p.domains[0].cmdline[0] = 'a'),
	PLAN_DOMAIN_CMDLINE, 0)
REFUSES(too_little_memory_is_refused, p.domains[0].mem_pages = 16, PLAN_DOMAIN_MEMORY, 0)
REFUSES(too_much_memory_is_refused, p.domains[0].mem_pages = 0xffffffff, PLAN_DOMAIN_MEMORY, 0)
REFUSES(a_maximum_below_the_reservation_is_refused, p.domains[1].mem_max_pages = 1023, PLAN_DOMAIN_MAXIMUM, 1)
REFUSES(a_huge_maximum_is_refused, p.domains[1].mem_max_pages = PLAN_MEM_PAGES_MAX + 1, PLAN_DOMAIN_MAXIMUM, 1)
REFUSES(a_maximum_above_the_reservation_is_accepted, p.domains[1].mem_max_pages = 4096, PLAN_OK, 0)
REFUSES(a_window_of_0_is_what_the_links_need, p.domains[0].window_pages = 0, PLAN_OK, 0)
REFUSES(a_window_too_small_for_the_links_is_refused, p.domains[0].window_pages = 512, PLAN_DOMAIN_WINDOW, 0)
REFUSES(a_huge_window_is_refused, p.domains[0].window_pages = 0xffffffff, PLAN_DOMAIN_WINDOW, 0)
REFUSES(a_huge_weight_is_refused, p.domains[0].weight = 65536, PLAN_DOMAIN_WEIGHT, 0)
REFUSES(unknown_capabilities_are_refused, p.domains[0].capabilities = 0x10, PLAN_DOMAIN_CAPABILITIES, 0)
REFUSES(an_unknown_restart_policy_is_refused, p.domains[0].restart = 3, PLAN_DOMAIN_RESTART, 0)
REFUSES(one_device_for_two_domains_is_refused, p.domains[1].pci_class = 0x0200, PLAN_DOMAIN_PCI, 1)
REFUSES(a_gateway_outside_the_uplink_is_refused, p.domains[0].uplink.gateway = 1, PLAN_DOMAIN_UPLINK, 0)
REFUSES(an_uplink_without_a_device_is_refused, p.domains[1].uplink = p.domains[0].uplink, PLAN_DOMAIN_UPLINK, 1)
REFUSES(an_uplink_has_its_address_by_dhcp, p.domains[0].uplink = ((struct plan_uplink){.mtu = 1500, .dhcp = 1}),
	PLAN_OK, 0)
REFUSES(dhcp_beside_an_address_is_refused, p.domains[0].uplink.dhcp = 1, PLAN_DOMAIN_DHCP, 0)
REFUSES(dhcp_of_no_known_kind_is_refused, p.domains[0].uplink = ((struct plan_uplink){.mtu = 1500, .dhcp = 2}),
	PLAN_DOMAIN_DHCP, 0)
REFUSES(dhcp_without_a_device_is_refused, p.domains[1].uplink = ((struct plan_uplink){.mtu = 1500, .dhcp = 1}),
	PLAN_DOMAIN_DHCP, 1)
REFUSES(dhcp_without_an_mtu_is_refused, p.domains[0].uplink = ((struct plan_uplink){.dhcp = 1}), PLAN_DOMAIN_UPLINK, 0)
REFUSES(flows_may_be_handed_over, p.domains[0].handover = HANDOVER_FLOWS_MAX; p.domains[0].window_pages = 0, PLAN_OK, 0)
REFUSES(more_flows_than_the_area_holds_are_refused, p.domains[0].handover = HANDOVER_FLOWS_MAX + 1,
	PLAN_DOMAIN_HANDOVER, 0)
REFUSES(only_the_router_hands_flows_over, p.domains[1].handover = 1, PLAN_DOMAIN_HANDOVER, 1)
REFUSES(a_window_without_room_for_the_flows_is_refused, p.domains[0].handover = 8192;
	p.domains[0].window_pages = 700, PLAN_DOMAIN_WINDOW, 0)
REFUSES(an_unknown_kind_of_link_is_refused, p.links[1].kind = 2, PLAN_LINK_KIND, 1)
REFUSES(a_link_to_no_domain_is_refused, p.links[1].back = 3, PLAN_LINK_ENDS, 1)
REFUSES(a_link_to_itself_is_refused, p.links[1].back = 2, PLAN_LINK_ENDS, 1)
REFUSES(interface_0_is_the_uplinks, p.links[0].index = 0, PLAN_LINK_INDEX, 0)
REFUSES(interface_32_does_not_exist, p.links[0].index = 32, PLAN_LINK_INDEX, 0)
REFUSES(an_interface_used_twice_is_refused, p.links[1].index = 1, PLAN_LINK_INDEX, 1)
REFUSES(a_multicast_mac_is_refused, p.links[1].mac[0] = 3, PLAN_LINK_MAC, 1)
REFUSES(a_zero_mac_is_refused, memset(p.links[1].mac, 0, 6), PLAN_LINK_MAC, 1)
REFUSES(one_mac_for_two_fronts_is_refused, memcpy(p.links[1].mac, p.links[0].mac, 6), PLAN_LINK_MAC, 1)
REFUSES(an_address_that_is_the_gateways_is_refused, p.links[1].address--, PLAN_LINK_ADDRESS, 1)
REFUSES(a_broadcast_address_is_refused, p.links[1].address |= 0xff, PLAN_LINK_ADDRESS, 1)
REFUSES(a_gateway_of_another_subnet_is_refused, p.links[1].gateway += 256, PLAN_LINK_ADDRESS, 1)
REFUSES(a_prefix_of_zero_is_refused, p.links[1].prefix = 0, PLAN_LINK_ADDRESS, 1)
REFUSES(a_prefix_of_33_is_refused, p.links[1].prefix = 33, PLAN_LINK_ADDRESS, 1)
REFUSES(overlapping_subnets_are_refused, p.links[0].prefix = 16, PLAN_LINK_ADDRESS, 1)
REFUSES(a_subnet_over_the_uplinks_is_refused, p.links[0].address = 0x0a000222;
	p.links[0].gateway = 0x0a000221, PLAN_LINK_ADDRESS, 0)
REFUSES(a_tiny_mtu_is_refused, p.links[0].mtu = 500, PLAN_LINK_MTU, 0)
REFUSES(a_huge_pool_is_refused, p.links[0].pool_pages = NET_POOL_PAGES_MAX + 1, PLAN_LINK_POOL, 0)
REFUSES(a_link_may_ask_by_dhcp_where_another_serves, p.links[0].dhcp = PLAN_DHCP_ASKS;
	p.links[1].dhcp = PLAN_DHCP_SERVES, PLAN_OK, 0)
REFUSES(dhcp_of_a_link_of_no_known_kind_is_refused, p.links[1].dhcp = 3, PLAN_LINK_DHCP, 1)
REFUSES(dhcp_of_a_link_without_an_address_is_refused, p.links[0].dhcp = PLAN_DHCP_ASKS; p.links[0].address = 0;
	p.links[0].prefix = p.links[0].gateway = 0;
	p.links[0].net6 = ((struct plan_net6){{0xfd, 1, [15] = 2}, {0xfd, 1, [15] = 1}, 64, 0}), PLAN_LINK_DHCP, 0)
REFUSES(dhcp_without_a_server_is_refused, p.links[1].dhcp = PLAN_DHCP_ASKS, PLAN_LINK_DHCP_NOBODY, 1)
REFUSES(a_server_of_dhcp_behind_another_back_does_not_count, p.links[1].dhcp = PLAN_DHCP_SERVES; p.links[1].back = 1;
	p.links[0].dhcp = PLAN_DHCP_ASKS, PLAN_LINK_DHCP_NOBODY, 0)
REFUSES(two_servers_of_dhcp_are_refused, p.links[0].dhcp = p.links[1].dhcp = PLAN_DHCP_SERVES, PLAN_LINK_DHCP_TWICE, 1)
REFUSES(a_cycle_of_links_is_refused, p.links[1].front = 0; p.links[1].back = 1, PLAN_LINK_CYCLE, 0)

Test(control_plan, a_chain_of_links_is_ordered_backs_first)
{
	struct small_plan p;
	struct plan_view view;

	good_plan(&p);
	p.links[0].front = 0; /* router behind web1, web1 behind web2 */
	p.links[0].back = 1;
	p.links[1].front = 1;
	p.links[1].back = 2;
	seal(&p);
	cr_assert_eq(plan_check(&p, sizeof p, &view).error, PLAN_OK);
	cr_assert_eq(view.order[0], 2);
	cr_assert_eq(view.order[1], 1);
	cr_assert_eq(view.order[2], 0);
}

Test(control_device_area, entries_stand_where_the_plan_puts_them)
{
	struct small_plan p;
	struct plan_view view;
	static uint64_t area[DEVICE_PAGES_MAX * PAGE_SIZE / 8];
	struct device_page *page = (struct device_page *)area;
	const struct device_entry *e = page->entries;

	good_plan(&p);
	cr_assert_eq(plan_check(&p, sizeof p, &view).error, PLAN_OK);
	device_area_init(&view, 0, area, 2);
	cr_assert_eq(page->magic, DEVICE_MAGIC);
	cr_assert_eq(page->entry_count, 4);
	for (uint32_t i = 0; i < 2; i++) {
		cr_assert_eq(device_back_entry(&view, i), i);
		cr_assert_eq(e[i].kind, DEVICE_NET_BACK);
		cr_assert_eq(e[i].state, DEVICE_CLOSED);
		cr_assert_eq(e[i].index, i + 1);
		cr_assert_eq(e[i].slot, i + 2);
		cr_assert_eq(e[i].generation, 2);
		cr_assert_eq(e[i].net.address, p.links[i].address);
		cr_assert_eq(e[i].pool_pages, NET_POOL_PAGES_DEFAULT);
		cr_assert_str_eq(e[i].name, i ? "web2" : "web1");
	}
	cr_assert_eq(e[device_pci_entry(&view, 0)].kind, DEVICE_NONE);
	cr_assert_eq(device_pci_entry(&view, 0), 2);
	cr_assert_eq(device_manage_entry(&view, 0), 3);
	cr_assert_eq(e[3].kind, DEVICE_NONE);
	cr_assert_eq(device_area_pages(&view, 0), 1, "however many rules there are");
	cr_assert_eq(device_handover_entry(&view, 0), DEVICE_ENTRY_NONE);
	p.domains[0].handover = 100;
	seal(&p);
	cr_assert_eq(plan_check(&p, sizeof p, &view).error, PLAN_OK);
	cr_assert_eq(device_entry_count(&view, 0), 5);
	cr_assert_eq(device_manage_entry(&view, 0), 3);
	cr_assert_eq(device_handover_entry(&view, 0), 4);
}

Test(control_device_area, a_front_finds_its_back_and_a_domain_without_devices_has_no_area)
{
	struct small_plan p;
	struct plan_view view;
	static uint64_t area[DEVICE_PAGES_MAX * PAGE_SIZE / 8];
	struct device_page *page = (struct device_page *)area;

	good_plan(&p);
	p.header.link_count = 1;
	p.header.rules_bytes = 0;
	seal(&p);
	cr_assert_eq(plan_check(&p, sizeof p, &view).error, PLAN_OK);
	device_area_init(&view, 1, area, 2);
	cr_assert_eq(page->entry_count, 1);
	cr_assert_eq(page->entries[0].kind, DEVICE_NET_FRONT);
	cr_assert_eq(page->entries[0].slot, 1);
	cr_assert_str_eq(page->entries[0].name, "router");
	cr_assert_eq(device_front_pages(&view, 1), NET_RING_PAGES + NET_POOL_PAGES_DEFAULT);
	cr_assert_eq(device_area_pages(&view, 2), 0);
	cr_assert_eq(device_manage_entry(&view, 1), DEVICE_ENTRY_NONE);
	cr_assert_eq(device_manage_entry(&view, 0), 2, "rules may come later");
}

Test(control_plan, the_allowance_for_tables_covers_the_links_of_the_plan)
{
	struct small_plan p;
	struct plan_view view;

	good_plan(&p);
	p.domains[0].window_pages = 0;
	cr_assert_eq(verdict_of(&p).error, PLAN_OK);
	cr_assert_eq(plan_check(&p, sizeof p, &view).error, PLAN_OK);
	/* the router maps two fronts of 260 pages, 64 pages more; each web grants 260: by the sizes of vmm/core/world.h */
	cr_assert_eq(plan_window_pages(&view, 0), 64 + 2 * 260);
	cr_assert_eq(plan_table_pages(&view, 0), 1 + 1 + (64 + 2 * 260 + 127) / 128 + 1);
	cr_assert_eq(plan_table_pages(&view, 1), 1 + (32 + 260 + 127) / 128 + 1024 / 128 + 1);
}

/* A chain: domain i is the front of domain i + 1, so that the order is the reverse. */
Test(control_plan, a_plan_of_a_thousand_domains_is_checked_and_ordered)
{
	size_t bytes = sizeof(struct plan_header) + PLAN_DOMAIN_MAX * sizeof(struct plan_domain) +
		       (PLAN_DOMAIN_MAX - 1) * sizeof(struct plan_link);
	struct plan_header *h = calloc(1, bytes);
	struct plan_domain *d = (struct plan_domain *)(void *)(h + 1);
	struct plan_link *l = (struct plan_link *)(void *)(d + PLAN_DOMAIN_MAX);
	static struct plan_view view;
	char name[16];

	*h = (struct plan_header){.magic = PLAN_MAGIC, .version = PLAN_VERSION, .length = (uint32_t)bytes};
	h->domain_count = PLAN_DOMAIN_MAX;
	h->link_count = PLAN_DOMAIN_MAX - 1;
	for (uint32_t i = 0; i < PLAN_DOMAIN_MAX; i++) {
		snprintf(name, sizeof name, "d%u", i);
		domain_set(&d[i], name, "web");
	}
	for (uint32_t i = 0; i + 1 < PLAN_DOMAIN_MAX; i++) {
		link_set(&l[i], i, 1);
		l[i].back = i + 1;
		l[i].mac[1] = (uint8_t)(i >> 8);
		l[i].mac[2] = (uint8_t)i;
	}
	sha256(h + 1, bytes - sizeof *h, h->sha256);
	cr_assert_eq(plan_check(h, bytes, &view).error, PLAN_OK);
	for (uint32_t i = 0; i < PLAN_DOMAIN_MAX; i++)
		cr_assert_eq(view.order[i], PLAN_DOMAIN_MAX - 1 - i);
	name_copy(d[999].name, sizeof d[999].name, "d3");
	sha256(h + 1, bytes - sizeof *h, h->sha256);
	cr_assert_eq(plan_check(h, bytes, &view).error, PLAN_DOMAIN_TWICE);
	cr_assert_eq(plan_check(h, bytes, &view).index, 999);
	free(h);
}

/* --- IPv6 --- */

static struct plan_net6 net6_of(uint8_t link, uint8_t front, uint8_t back)
{
	return (struct plan_net6){
		.address = {0xfd, [7] = link, [15] = front}, .gateway = {0xfd, [7] = link, [15] = back}, .prefix = 64};
}

static void six_plan(struct small_plan *p)
{
	good_plan(p);
	p->links[0].net6 = net6_of(1, 2, 1);
	p->links[1].net6 = net6_of(2, 2, 1);
	p->domains[0].uplink6 = net6_of(9, 2, 1);
}

#define SIX_REFUSED(change, expected)                                                                                  \
	do {                                                                                                           \
		six_plan(&p);                                                                                          \
		change;                                                                                                \
		cr_expect_eq(verdict_of(&p).error, expected, "%s", #change);                                           \
	} while (0)

Test(control_plan, ipv6_stands_beside_ipv4_or_alone)
{
	struct small_plan p;

	six_plan(&p);
	cr_assert_eq(verdict_of(&p).error, PLAN_OK);
	p.links[0].address = p.links[0].prefix = p.links[0].gateway = 0;
	p.domains[0].uplink.address = p.domains[0].uplink.prefix = p.domains[0].uplink.gateway = 0;
	cr_assert_eq(verdict_of(&p).error, PLAN_OK);
	memset(p.domains[0].uplink6.gateway, 0, 16);
	cr_assert_eq(verdict_of(&p).error, PLAN_OK, "nobody beyond the link");
	p.domains[0].uplink6.gateway[0] = 0xfe;
	p.domains[0].uplink6.gateway[1] = 0x80;
	p.domains[0].uplink6.gateway[15] = 1;
	cr_assert_eq(verdict_of(&p).error, PLAN_OK, "a link-local gateway");
	p.domains[0].uplink6 = (struct plan_net6){.autoconf = 1};
	cr_assert_eq(verdict_of(&p).error, PLAN_OK, "whatever the link has");
}

Test(control_plan, ipv6_addresses_that_make_no_sense_are_refused)
{
	struct small_plan p;
	struct plan_net6 *link = &p.links[0].net6, *uplink = &p.domains[0].uplink6;

	SIX_REFUSED(link->prefix = 0, PLAN_LINK_ADDRESS);
	SIX_REFUSED(link->prefix = 127, PLAN_LINK_ADDRESS);
	SIX_REFUSED(link->address[7] = 7, PLAN_LINK_ADDRESS);
	SIX_REFUSED(link->address[15] = 1, PLAN_LINK_ADDRESS);
	SIX_REFUSED(link->gateway[15] = 0, PLAN_LINK_ADDRESS);
	SIX_REFUSED(link->address[0] = link->gateway[0] = 0xff, PLAN_LINK_ADDRESS);
	SIX_REFUSED((link->address[0] = link->gateway[0] = 0xfe, link->address[1] = link->gateway[1] = 0x80),
		    PLAN_LINK_ADDRESS);
	SIX_REFUSED((memset(link->address, 0, 15), memset(link->gateway, 0, 15)), PLAN_LINK_ADDRESS);
	SIX_REFUSED(link->autoconf = 1, PLAN_LINK_ADDRESS);
	SIX_REFUSED(*link = p.links[1].net6, PLAN_LINK_ADDRESS);
	SIX_REFUSED(*link = *uplink, PLAN_LINK_ADDRESS);
	SIX_REFUSED(*link = (struct plan_net6){.autoconf = 1}, PLAN_LINK_ADDRESS);
	SIX_REFUSED((memset(link, 0, sizeof *link), p.links[0].address = p.links[0].prefix = p.links[0].gateway = 0),
		    PLAN_LINK_ADDRESS);
	SIX_REFUSED(p.links[0].mtu = 1279, PLAN_LINK_MTU);
	SIX_REFUSED(uplink->prefix = 129, PLAN_DOMAIN_UPLINK);
	SIX_REFUSED(uplink->gateway[7] = 3, PLAN_DOMAIN_UPLINK);
	SIX_REFUSED(uplink->autoconf = 1, PLAN_DOMAIN_UPLINK);
	SIX_REFUSED(*uplink = (struct plan_net6){.autoconf = 2}, PLAN_DOMAIN_UPLINK);
	SIX_REFUSED(p.domains[0].uplink.mtu = 1279, PLAN_DOMAIN_UPLINK);
}

Test(control_plan, a_front_that_makes_its_address_itself_is_told_none)
{
	/* of the MAC 02:00:00:00:01:02 */
	static const uint8_t made[8] = {0, 0, 0, 0xff, 0xfe, 0, 1, 2};
	struct small_plan p;
	struct plan_view view;
	struct device_entry front, back;

	six_plan(&p);
	memcpy(p.links[0].net6.address + 8, made, sizeof made);
	p.links[0].net6.autoconf = 1;
	seal(&p);
	cr_assert_eq(plan_check(&p, sizeof p, &view).error, PLAN_OK);
	front = device_front_template(&view, 0);
	back = device_back_template(&view, 0);
	cr_assert_eq(front.net.net6.prefix, 0);
	cr_assert_eq(front.net.net6.address[0], 0);
	cr_assert_eq(back.net.net6.prefix, 64);
	cr_assert_eq(memcmp(back.net.net6.address, p.links[0].net6.address, 16), 0);
	front = device_front_template(&view, 1);
	cr_assert_eq(memcmp(front.net.net6.gateway, p.links[1].net6.gateway, 16), 0);
}

Test(control_plan, a_front_that_asks_by_dhcp_is_told_no_ipv4_and_its_back_all)
{
	struct small_plan p;
	struct plan_view view;
	struct device_entry front, back;

	good_plan(&p);
	p.links[0].dhcp = PLAN_DHCP_ASKS;
	p.links[1].dhcp = PLAN_DHCP_SERVES;
	seal(&p);
	cr_assert_eq(plan_check(&p, sizeof p, &view).error, PLAN_OK);
	front = device_front_template(&view, 0);
	back = device_back_template(&view, 0);
	cr_assert_eq(front.dhcp, DEVICE_DHCP_ASKS);
	cr_assert(!front.net.address && !front.net.prefix && !front.net.gateway && front.net.mtu == 1500);
	cr_assert_eq(back.dhcp, DEVICE_DHCP_ASKS);
	cr_assert_eq(back.net.address, p.links[0].address);
	front = device_front_template(&view, 1);
	back = device_back_template(&view, 1);
	cr_assert_eq(front.dhcp, DEVICE_DHCP_NONE);
	cr_assert_eq(front.net.address, p.links[1].address);
	cr_assert_eq(back.dhcp, DEVICE_DHCP_SERVES);
}

Test(control_plan, a_command_line_has_4095_characters_at_most)
{
	size_t bytes = sizeof(struct plan_header) + sizeof(struct plan_domain) + PLAN_CMDLINE_MAX + 1;
	struct plan_header *h = calloc(1, bytes);
	struct plan_domain *d = (struct plan_domain *)(void *)(h + 1);
	static struct plan_view view;
	char *line = (char *)(d + 1);

	*h = (struct plan_header){
		.magic = PLAN_MAGIC, .version = PLAN_VERSION, .length = (uint32_t)bytes, .domain_count = 1};
	domain_set(d, "services", "services");
	d->long_cmdline = sizeof *h + sizeof *d;
	memset(line, 'a', PLAN_CMDLINE_MAX - 1);
	sha256(h + 1, bytes - sizeof *h, h->sha256);
	cr_assert_eq(plan_check(h, bytes, &view).error, PLAN_OK);
	cr_assert_eq(plan_cmdline(&view, 0), line);
	line[PLAN_CMDLINE_MAX - 1] = 'a';
	sha256(h + 1, bytes - sizeof *h, h->sha256);
	cr_assert_eq(plan_check(h, bytes, &view).error, PLAN_DOMAIN_CMDLINE);
	free(h);
}
