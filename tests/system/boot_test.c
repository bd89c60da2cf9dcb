/* SPDX-License-Identifier: BSD-2-Clause */
/* From power-on to running domains, by both doors, and what is said when that cannot be. */
#include "system.h"

#include <stdio.h>
#include <string.h>

#include <abi/boot.h>
#include <base/elf.h>

#define SECTION_TIMEOUT 300

static void started_all(struct machine *m)
{
	static const char *const lines[] = {"^vmm: Cambium ",
					    "^control: bundle verified: 5 entries, ",
					    "^control: plan verified: 4 domains, 2 links$",
					    "^control: started router as domain 1.1, 16 MiB$",
					    "^control: started web1 as domain 2.1, 32 MiB$",
					    "^control: started web2 as domain 3.1, 32 MiB$",
					    "^control: started hello as domain 4.1, 4 MiB$"};

	for (unsigned i = 0; i < sizeof lines / sizeof lines[0]; i++)
		MUST(machine_expect_from(m, 0, lines[i]));
	MUST(machine_expect_from(m, 0, "^hello| hello: hello$"));
	MUST(machine_expect_from(m, 0, "^control: hello died: exited, code 0$"));
}

Test(boot, uefi_starts_every_domain_of_the_plan, .timeout = SECTION_TIMEOUT)
{
	struct machine_options options = demo_options("boot-uefi", MACHINE_UEFI);
	struct machine *m = machine_start(&options);

	MUST(m);
	started_all(m);
	machine_is_well(m);
	machine_stop(m);
}

Test(boot, pvh_starts_every_domain_of_the_plan, .timeout = SECTION_TIMEOUT)
{
	struct machine_options options = demo_options("boot-pvh", MACHINE_PVH);
	struct machine *m = machine_start(&options);

	MUST(m);
	started_all(m);
	machine_is_well(m);
	machine_stop(m);
}

/* KiB of memory that the hypervisor's segments cover, the PVH door's (@door) or its own. */
static uint64_t segments_kib(bool door)
{
	static uint64_t file[256]; /* the headers */
	FILE *f = fopen(build_path("vmm.elf"), "rb");
	uint64_t first = UINT64_MAX, end = 0;

	MUST(f && fread(file, sizeof(struct elf_header) + 16 * sizeof(struct elf_segment), 1, f) == 1 && !fclose(f));
	MUST(((const struct elf_header *)file)->phnum <= 16);
	for (unsigned i = 0; i < ((const struct elf_header *)file)->phnum; i++) {
		const struct elf_segment *s = elf_segment_at(file, i);

		if (s->type != ELF_PT_LOAD || !(s->flags & BOOT_SEGMENT_PVH) == door)
			continue;
		first = MIN(first, align_down(s->vaddr, PAGE_SIZE));
		end = MAX(end, align_up(s->vaddr + s->memsz, PAGE_SIZE));
	}
	return end > first ? (end - first) / 1024 : 0;
}

Test(boot, a_doors_pages_are_not_of_the_hypervisors_image, .timeout = SECTION_TIMEOUT)
{
	static const struct machine_options by[] = {
		{.log = "boot-image-pvh", .config = "hello", .door = MACHINE_PVH},
		{.log = "boot-image-uefi", .config = "hello", .door = MACHINE_UEFI}};
	char image[64];

	MUST(segments_kib(true) > 0);
	snprintf(image, sizeof image, " KiB hypervisor (image %lu KiB at ", segments_kib(false));
	for (unsigned i = 0; i < ARRAY_SIZE(by); i++) {
		struct machine *m = machine_start(&by[i]);

		MUST(m);
		MUST(machine_expect(m, "^vmm: memory: "));
		if (machine_count(m, 0, image) != 1)
			machine_show(m, image);
		cr_assert_eq(machine_count(m, 0, image), 1);
		machine_stop(m);
	}
}

Test(boot, powers_off_once_all_domains_have_ended, .timeout = SECTION_TIMEOUT)
{
	struct machine_options options = {
		.log = "boot-power-off", .config = "hello", .door = MACHINE_PVH, .append = "exit-when-done"};
	struct machine *m = machine_start(&options);

	MUST(m);
	MUST(machine_expect(m, "^control: all domains have ended: powering off$"));
	MUST(machine_ends(m));
	machine_stop(m);
}

Test(boot, a_cpu_that_suffers_from_meltdown_is_refused, .timeout = SECTION_TIMEOUT)
{
	struct machine_options options = {
		.log = "boot-meltdown", .config = "hello", .door = MACHINE_PVH, .cpu = "Haswell"};
	struct machine *m = machine_start(&options);

	MUST(m);
	MUST(machine_expect(m, "^vmm: fatal: CPU refused: this CPU suffers from Meltdown (no RDCL_NO)"));
	cr_assert_eq(machine_count(m, 0, "^control: "), 0, "a domain ran on it");
	machine_stop(m);
}

Test(boot, a_machine_without_randomness_is_refused, .timeout = SECTION_TIMEOUT)
{
	struct machine_options options = {
		.log = "boot-no-random", .config = "hello", .door = MACHINE_PVH, .cpu = "qemu64"};
	struct machine *m = machine_start(&options);

	MUST(m);
	MUST(machine_expect(m, "^vmm: fatal: "));
	cr_assert_eq(machine_count(m, 0, "^vmm: fatal: no source of randomness"), 1, "refused for another reason");
	cr_assert_eq(machine_count(m, 0, "^control: "), 0, "a domain ran on it");
	machine_stop(m);
}

/* --- damage ------------------------------------------------------------------------------------------------------ */

/* A copy of the demo's disk image for the test called @name. */
static const char *disk_copy(const char *name)
{
	const char *disk = build_path("tests/log/%s.img", name);

	MUST(file_copy(build_path("demo/disk.img"), disk));
	return disk;
}

/* Runs an mtool on the EFI system partition of @disk, which starts at 1 MiB. */
static void mtool(const char *tool, const char *disk, const char *a, const char *b)
{
	char partition[1200];
	const char *words[] = {tool, "-i", partition, a, b, NULL, NULL};

	snprintf(partition, sizeof partition, "%s@@1M", disk);
	if (!strcmp(tool, "mcopy")) {
		words[3] = "-o";
		words[4] = a;
		words[5] = b;
	}
	MUST(!command_run(words, NULL, 0));
}

/* What the loader says with the given image; then the firmware goes on, and the hypervisor never ran. */
static void refused(const char *name, const char *disk, const char *line)
{
	struct machine_options options = demo_options(name, MACHINE_UEFI);
	struct machine *m;

	options.disk = disk;
	m = machine_start(&options);
	MUST(m);
	MUST(machine_expect(m, "cambium: "));
	if (!machine_count(m, 0, line))
		machine_show(m, line);
	cr_assert_eq(machine_count(m, 0, line), 1, "another line than \"%s\"", line);
	cr_assert_eq(machine_count(m, 0, "cambium: "), 1, "more than one line");
	cr_assert_eq(machine_count(m, 0, "vmm: "), 0, "the hypervisor was entered");
	machine_stop(m);
	remove(disk);
}

static void file_missing(const char *name, const char *file, const char *line)
{
	const char *disk = disk_copy(name);

	mtool("mdel", disk, file, NULL);
	refused(name, disk, line);
}

/* Takes @file out of the image, changes it, and puts it back. */
static void file_changed(const char *name, const char *file, bool (*change)(const char *, long), long argument,
			 const char *line)
{
	const char *disk = disk_copy(name), *out = build_path("tests/log/%s.part", name);

	mtool("mcopy", disk, file, out);
	MUST(change(out, argument));
	mtool("mcopy", disk, out, file);
	remove(out);
	refused(name, disk, line);
}

Test(boot, a_missing_bundle_is_named, .timeout = SECTION_TIMEOUT)
{
	file_missing("boot-no-bundle", "::/cambium/bundle.bin",
		     "cambium: \\cambium\\bundle.bin is missing on the boot volume");
}

Test(boot, a_missing_hypervisor_is_named, .timeout = SECTION_TIMEOUT)
{
	file_missing("boot-no-vmm", "::/cambium/vmm.elf", "cambium: \\cambium\\vmm.elf is missing on the boot volume");
}

Test(boot, a_damaged_bundle_is_named_with_the_damaged_entry, .timeout = SECTION_TIMEOUT)
{
	file_changed("boot-bad-bundle", "::/cambium/bundle.bin", file_damage, -5000,
		     " is damaged (SHA-256 differs): make the image again");
}

Test(boot, a_truncated_bundle_is_named, .timeout = SECTION_TIMEOUT)
{
	file_changed("boot-cut-bundle", "::/cambium/bundle.bin", file_cut, -4096,
		     "cambium: \\cambium\\bundle.bin is truncated: ");
}

Test(boot, a_damaged_hypervisor_is_named, .timeout = SECTION_TIMEOUT)
{
	file_changed("boot-bad-vmm", "::/cambium/vmm.elf", file_damage, 20000,
		     "cambium: \\cambium\\vmm.elf is damaged or not the one that ");
}

/* --- the harness ------------------------------------------------------------------------------------------------- */

Test(boot, a_machine_that_ends_by_itself_is_said_to_have_ended_and_how, .timeout = SECTION_TIMEOUT)
{
	struct machine_options options = {.log = "boot-ends", .config = "hello", .door = MACHINE_PVH};
	struct machine *m = machine_start(&options);

	MUST(m);
	MUST(machine_expect(m, "^control: hello died: exited, code 0$"));
	machine_monitor(m, "quit");
	cr_assert_not(machine_expect(m, "^nobody says this$"));
	cr_assert(strstr(machine_trouble(),
			 "machine boot-ends (QEMU ended with status 0): no line \"^nobody says this$\": "
			 "the machine ended, behind \""),
		  "%s", machine_trouble());
	machine_stop(m);
}
