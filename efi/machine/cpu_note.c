/* SPDX-License-Identifier: BSD-2-Clause */
/* What the log says of the CPU. */
#include "cpu_policy.h"
#include "notes.h"

#include <stddef.h>

static const char *when(uint8_t on, const char *name)
{
	return on ? name : "";
}

void cpu_note(struct boot_info *info)
{
	const struct boot_cpu *c = &info->cpu;
	char a[4][NOTE_NUMBER_MAX], bytes[NOTE_NUMBER_MAX], components[NOTE_NUMBER_MAX];

	NOTE(info, "cpu: family ", note_number(a[0], c->family, 10), " model ", note_number(a[1], c->model, 10),
	     " stepping ", note_number(a[2], c->stepping, 10), when(c->hypervisor, " in a virtual machine"),
	     ", suffers from ", note_number(a[3], c->suffers, 16), ", state ", note_number(bytes, c->xstate_bytes, 10),
	     " bytes (xcr0 ", note_number(components, c->xcr0, 16), ")");
	NOTE(info, "cpu: on:", when(c->smep, " smep"), when(c->smap, " smap"), when(c->umip, " umip"),
	     when(c->pge, " pge"), when(c->fsgsbase, " fsgsbase"), when(c->xsave, " xsave"),
	     when(c->gib_pages, " 1g-pages"));
	if (c->insecure_meltdown)
		NOTE(info, "WARNING: insecure=meltdown: any guest can read all of this machine's memory");
}
