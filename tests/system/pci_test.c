/* SPDX-License-Identifier: BSD-2-Clause */
/* Which functions a domain may own, and in what state its first owner finds one. */
#include "system.h"

#include <stdio.h>
#include <string.h>

#define TIMEOUT 400
#define PORT "-device", "pcie-root-port,id=above,chassis=1,addr=4"

/* Whoever owned one could lead requests of what is behind it elsewhere. */
Test(pci, a_bridge_is_given_to_nobody_and_the_plan_that_asks_is_told_so, .timeout = TIMEOUT)
{
	static const char *const extra[] = {PORT, NULL};
	static const char *const asked[] = {"port", "host"}, *const devices[] = {"0604", "0600"};
	struct machine_options options = {.log = "pci-bridge", .config = "bridge", .door = MACHINE_PVH, .extra = extra};
	struct machine *m = machine_start(&options);
	char text[160];

	MUST(m);
	MUST(machine_expect(m, "^control: started host as domain 2.1, 4 MiB$"));
	machine_send(m, "devices\n");
	MUST(machine_expect(m, "^control: devices: DMA is "));
	for (unsigned i = 0; i < 2; i++) {
		snprintf(text, sizeof text, "^control: %s: PCI device ", asked[i]);
		MUST(machine_line(m, 0, text, text, sizeof text));
		cr_assert(strstr(text, " cannot be assigned: a bridge is given to nobody, name the device behind it: "
				       "it starts without"),
			  "%s", text);
		snprintf(text, sizeof text, " class %s owner nobody ", devices[i]);
		MUST(machine_expect_from(m, 0, text));
	}
	machine_is_well(m);
	machine_stop(m);
}

/* Firmware has used the card. QEMU says what is written to configuration space; its card has the capability at 0x40. */
Test(pci, a_card_that_offers_a_reset_is_reset_before_its_first_owner, .timeout = TIMEOUT)
{
	static const char *const extra[] = {PORT, "-trace", "pci_cfg_write", NULL};
	struct machine_options options = demo_options("pci-first-owner", MACHINE_UEFI);
	struct machine *m;

	options.nic = "virtio-net-pci,disable-legacy=on,bus=above";
	options.extra = extra;
	m = demo_start_with(&options);
	cr_assert_eq(machine_count(m, 0, "pci_cfg_write virtio-net-pci 01:00.0 @0x48 <- 0x8000"), 1, "not reset once");
	machine_is_well(m);
	machine_stop(m);
}
