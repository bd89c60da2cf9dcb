/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The demo appliance on the network cards and the machine types that it knows; the other tests run it on virtio and q35. On
 * pc (i440fx) there is no ECAM, so configuration space is reached by ports.
 */
#include "system.h"

#include <stdio.h>
#include <string.h>

#define TIMEOUT 400
#define VIRTIO "virtio-net-pci,disable-legacy=on"
#define REQUESTS 600u
#define PIPELINED 100u
#define KILLS 2u

static struct http http;
static struct http_answer answer;

/* Requests at once on one connection, so that answers come in long trains of whole segments. */
static void pages_come_in_a_row(struct machine *m, uint16_t port)
{
	static const char one[] = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";

	MUST(http_open(&http, machine_port(m, port), 30));
	for (unsigned i = 0; i < PIPELINED; i++)
		MUST(http_send(&http, one, sizeof one - 1));
	for (unsigned i = 0; i < PIPELINED; i++) {
		MUST(http_receive(&http, "GET", &answer));
		cr_assert_eq(answer.status, 200);
		cr_assert(strstr(answer.body, "</html>"), "no end in page %u", i);
	}
	http_close(&http);
}

/* The successor finds the card in the middle of its work and resets it. */
static void router_is_killed_under_load(struct machine *m)
{
	struct load *load = load_start(machine_port(m, PORT_WEB1), 4, 3);

	for (unsigned i = 0; i < KILLS; i++) {
		MUST(load_progress(load, 10, 120));
		kill_and_wait(m, "router", 1, 2 + i);
		load_renew(load);
	}
	MUST(load_progress(load, 20, 120));
	load_stop(load);
	MUST(http_serves(machine_port(m, PORT_WEB2), SERVES_SECONDS));
	cr_assert_eq(machine_count(m, 0, "^control: web1 died"), 0, "web1 died with the router");
}

/* @card and @host: how the hypervisor lists the network card and the host bridge. */
static void serves(struct machine_options *options, const char *card, const char *host)
{
	struct machine *m = demo_start_with(options);
	char line[128];

	cr_assert_eq(machine_count(m, 0, host), 1, "another machine type");
	MUST(machine_line(m, 0, "class 0200", line, sizeof line));
	cr_assert(strstr(line, card), "another card: %s", line);
	pages_come_in_a_row(m, PORT_WEB1);
	if (command_exists("ab"))
		callers_get_pages(m, PORT_WEB2, REQUESTS, false);
	router_is_killed_under_load(m);
	cr_assert_eq(machine_count(m, 0, "^vmm: dma: "), 0, "a device was refused something");
	machine_is_well(m);
	machine_stop(m);
}

Test(nic, e1000e_behind_an_iommu_serves_and_is_taken_over_by_the_next_router, .timeout = TIMEOUT)
{
	static const char *const iommu[] = {"-device", "intel-iommu,intremap=on", NULL};
	struct machine_options options = demo_options("nic-e1000e", MACHINE_PVH);

	options.nic = "e1000e";
	options.append = "check=freed";
	options.extra = iommu;
	serves(&options, " 8086:10d3 ", "^control: pci: 00:00.0 8086:29c0 ");
}

Test(nic, e1000e_on_pc_serves_and_is_taken_over_by_the_next_router, .timeout = TIMEOUT)
{
	struct machine_options options = demo_options("nic-e1000e-pc", MACHINE_PVH);

	options.machine = "pc";
	options.nic = "e1000e";
	options.append = "check=freed";
	serves(&options, " 8086:10d3 ", "^control: pci: 00:00.0 8086:1237 ");
}

Test(nic, virtio_on_pc_serves_and_is_taken_over_by_the_next_router, .timeout = TIMEOUT)
{
	struct machine_options options = demo_options("nic-virtio-pc", MACHINE_PVH);

	options.machine = "pc";
	options.append = "check=freed";
	serves(&options, " 1af4:1041 ", "^control: pci: 00:00.0 8086:1237 ");
}

Test(nic, e1000e_on_pc_booted_by_uefi_serves, .timeout = TIMEOUT)
{
	struct machine_options options = demo_options("nic-e1000e-uefi", MACHINE_UEFI);
	struct machine *m;

	options.machine = "pc";
	options.nic = "e1000e,romfile="; /* firmware has nothing to boot from it */
	m = demo_start_with(&options);
	cr_assert_eq(machine_count(m, 0, "^control: pci: 00:00.0 8086:1237 "), 1, "another machine type");
	pages_come_in_a_row(m, PORT_WEB1);
	machine_is_well(m);
	machine_stop(m);
}

/* --- the link ---------------------------------------------------------------------------------------------------- */

static void nobody_answers(uint16_t port)
{
	static struct http other;

	cr_assert(!http_open(&other, port, 1) || !http_ask(&other, "GET", "/", &answer), "an answer without a link");
	http_close(&other);
}

static void link_goes_and_comes(const char *log, const char *nic)
{
	struct machine_options options = demo_options(log, MACHINE_PVH);
	struct machine *m;

	options.nic = nic;
	m = demo_start_with(&options);
	MUST(http_open(&http, machine_port(m, PORT_WEB1), 60));
	MUST(http_ask(&http, "GET", "/", &answer));
	machine_monitor(m, "set_link nic off");
	MUST(machine_expect_from(m, 0, "^router| router: uplink: link down$"));
	nobody_answers(machine_port(m, PORT_WEB2));
	machine_monitor(m, "set_link nic on");
	MUST(machine_expect_from(m, 0, "^router| router: uplink: link up$"));
	MUST(http_serves(machine_port(m, PORT_WEB2), SERVES_SECONDS));
	/* a connection from before goes on */
	MUST(http_ask(&http, "GET", "/", &answer));
	cr_assert_eq(answer.status, 200);
	http_close(&http);
	cr_assert_eq(machine_count(m, 0, "^control: router died"), 0);
	machine_is_well(m);
	machine_stop(m);
}

Test(nic, virtio_loses_its_link_and_gets_it_back, .timeout = TIMEOUT)
{
	link_goes_and_comes("nic-link-virtio", VIRTIO);
}

Test(nic, e1000e_loses_its_link_and_gets_it_back, .timeout = TIMEOUT)
{
	link_goes_and_comes("nic-link-e1000e", "e1000e");
}

/* --- interrupts after the end ------------------------------------------------------------------------------------ */

/* On the machine of the product, and on one without ECAM. */
static void owner_dies_between_interrupts(const char *log, const char *type)
{
	struct machine_options options = {
		.log = log, .config = "nic-throttle", .door = MACHINE_PVH, .machine = type, .nic = "e1000e"};
	struct machine *m = machine_start(&options);
	char restarted[64];

	MUST(m);
	for (unsigned i = 0; i < KILLS; i++) {
		MUST(machine_expect(m, "^throttle| throttle: the card interrupts$"));
		MUST(machine_expect(m, "^control: throttle died: exited, code 0$"));
		snprintf(restarted, sizeof restarted, "^control: restarted throttle as domain 1.%u, ", 2 + i);
		MUST(machine_expect(m, restarted));
	}
	MUST(machine_expect(m, "^throttle| throttle: the card interrupts$"));
	machine_is_well(m);
	machine_stop(m);
}

Test(nic, a_card_whose_owner_dies_between_two_interrupts_finds_them_masked, .timeout = TIMEOUT)
{
	owner_dies_between_interrupts("nic-throttle", NULL);
	owner_dies_between_interrupts("nic-throttle-pc", "pc");
}

/* --- cards that nobody drives ------------------------------------------------------------------------------------ */

static void nobody_drives(const char *log, const char *nic, const char *line)
{
	struct machine_options options = demo_options(log, MACHINE_PVH);
	struct machine *m;

	options.nic = nic;
	m = machine_start(&options);
	MUST(m);
	MUST(machine_expect(m, line));
	MUST(machine_expect(m, "^control: router died: exited, code 1$"));
	machine_is_well(m);
	machine_stop(m);
}

Test(nic, a_card_that_nobody_drives_is_named_with_the_remedy, .timeout = TIMEOUT)
{
	nobody_drives("nic-unknown", "e1000",
		      ": 8086:100e: no driver is for this card: use a virtio network card (modern, as with QEMU's "
		      "disable-legacy=on) or an Intel 82574L (e1000e)$");
	nobody_drives("nic-transitional", "virtio-net-pci,disable-legacy=off,disable-modern=off",
		      ": 1af4:1000: no driver is for this card: use a virtio network card (modern, as with QEMU's ");
}
