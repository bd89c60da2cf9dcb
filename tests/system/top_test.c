/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest that stopped the machine once: the hypervisor asserted what a guest could falsify. */
#include "system.h"

#define SECTION_TIMEOUT 300

Test(top, hypercall_in_the_last_bytes_of_the_address_space_is_a_fault_of_the_guest, .timeout = SECTION_TIMEOUT)
{
	struct machine_options options = {
		.log = "hostile-top", .config = "top", .door = MACHINE_PVH, .append = "exit-when-done"};
	struct machine *m = machine_start(&options);

	MUST(m);
	MUST(machine_expect(m, "^control: top died: exited, code 0$"));
	MUST(machine_expect(m, "^control: all domains have ended: powering off$"));
	machine_is_well(m);
	machine_stop(m);
}
