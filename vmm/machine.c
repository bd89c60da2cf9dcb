/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine as the door has described and judged it (abi/boot.h); the copy of early_init() is all there is of it. */
#include "machine.h"

#include "early.h"
#include "log.h"

const struct boot_machine *machine(void)
{
	return &early_boot()->machine;
}

void machine_windows(struct windows *w)
{
	const struct boot_info *boot = early_boot();

	w->end = boot->machine.address_end;
	windows_add(w, 0, BOOT_LOW_END, "the first MiB");
	for (uint32_t i = 0; i < boot->memory_count; i++)
		if (boot->memory[i].type != BOOT_MEMORY_RESERVED)
			windows_add(w, boot->memory[i].start, boot->memory[i].pages * PAGE_SIZE, "RAM");
	for (uint32_t i = 0; i < boot->machine.window_count; i++) {
		const struct boot_window *x = &boot->machine.window[i];
		windows_add(w, x->start, x->bytes, x->name);
	}
}

void machine_init(void)
{
	for (const char *p = early_boot()->notes; *p; p++) {
		log_line("%s", p);
		while (*p)
			p++;
	}
}
