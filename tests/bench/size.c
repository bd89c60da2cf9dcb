/* SPDX-License-Identifier: BSD-2-Clause */
/* How much runs in ring 0, and how big what is delivered is. */
#include "bench.h"

#include <ctype.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>

#include "../lib/command.h"
#include "../lib/machine.h"

#define GENERATOR "vmm/offsets.c" /* run by the build: nothing of it is in the binary */

struct lines {
	unsigned long files, all, code; /* code: neither blank nor only comment */
};

/* Whether the line has something besides blanks and comment; *@comment is the state across lines. No string holds
 * a comment's beginning in these files. */
static bool is_code(const char *at, bool *comment)
{
	bool code = false;

	for (; *at; at++) {
		if (*comment) {
			if (at[0] == '*' && at[1] == '/')
				*comment = false, at++;
		} else if (at[0] == '/' && at[1] == '*') {
			*comment = true, at++;
		} else if (at[0] == '/' && at[1] == '/') {
			break;
		} else {
			code |= !isspace((unsigned char)*at);
		}
	}
	return code;
}

static void count_file(const char *path, struct lines *l)
{
	FILE *f = fopen(path, "r");
	bool comment = false;
	char line[1024];

	if (!f)
		return;
	l->files++;
	while (fgets(line, sizeof line, f)) {
		l->all++;
		l->code += is_code(line, &comment);
	}
	fclose(f);
}

static void lines_row(const char *what, const char *const *patterns)
{
	struct lines l = {0};
	glob_t found;

	for (; *patterns; patterns++)
		if (!glob(*patterns, 0, NULL, &found)) {
			for (size_t i = 0; i < found.gl_pathc; i++)
				if (strcmp(found.gl_pathv[i], GENERATOR) != 0)
					count_file(found.gl_pathv[i], &l);
			globfree(&found);
		}
	if (l.files)
		row(what, "without blank and comment lines; (with them)", "%lu (%lu) in %lu files", l.code, l.all,
		    l.files);
	else
		row_missing(what, "not run from the top of the source tree");
}

static void file_row(const char *what, const char *condition, const char *path)
{
	struct stat s;

	if (stat(path, &s))
		row_missing(what, path);
	else
		row(what, condition, "%.1f KiB", (double)s.st_size / 1024);
}

/* Sums of the sections by what they need: execution, constants, data, zeros. */
static void sections(void)
{
	static const struct {
		const char *what, *heads[5];
	} sums[] = {{"text", {"\n.text"}},
		    {"rodata", {"\n.rodata", "\n.note", "\n.tables"}},
		    {"data", {"\n.data"}},
		    {"bss", {"\n.bss"}}};
	const char *const words[] = {"size", "-A", "-d", build_path("vmm.elf"), NULL};
	char text[8192], figure[200] = "";
	double bytes;

	if (command_run(words, text, sizeof text)) {
		row_missing("sections of the hypervisor", "`size` failed");
		return;
	}
	for (unsigned i = 0; i < sizeof sums / sizeof sums[0]; i++) {
		double sum = 0;

		for (const char *const *head = sums[i].heads; *head; head++)
			for (const char *at = text; (at = strstr(at, *head)); at++)
				if (number_behind(at + 1 + strcspn(at + 1, " \t"), "", &bytes))
					sum += bytes;
		snprintf(figure + strlen(figure), sizeof figure - strlen(figure), "%s%s %.1f KiB", i ? ", " : "",
			 sums[i].what, sum / 1024);
	}
	row("sections of the hypervisor", "size -A", "%s", figure);
}

void bench_size(void)
{
	static const char *const all[] = {"vmm/*.[chS]", "vmm/core/*.[ch]", NULL}, *const core[] = {"vmm/core/*.[ch]",
												    NULL};

	lines_row("lines that run in ring 0: vmm/ and vmm/core/", all);
	lines_row("of these the pure core: vmm/core/", core);
	sections();
	file_row("file of the hypervisor", "ELF, stripped, as the image carries it", build_path("vmm.stripped.elf"));
	file_row("file of the UEFI loader", "BOOTX64.EFI", build_path("BOOTX64.EFI"));
	file_row("the demo appliance's bundle", "4 domain images, plan", build_path("demo/bundle.bin"));
	file_row("the demo appliance's disk image", "GPT with a FAT32 system partition of 33 MiB, mostly empty",
		 build_path("demo/disk.img"));
	file_row("image of apps/web", "ELF, stripped: unikernel, newlib, lwIP, the site", build_path("strip/web.elf"));
	file_row("image of the router", "ELF, stripped", build_path("strip/router.elf"));
	file_row("image of the control domain", "ELF, stripped", build_path("strip/control.elf"));
}
