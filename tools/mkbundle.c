/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mkbundle -o OUT --vmm VMM.elf control=FILE image:NAME=FILE... plan=FILE: puts everything that the machine will run into
 * one file (abi/bundle.h). Invariants: the same inputs give the same bytes, whatever their order on the command line; what
 * is written passed the checks that the loader and the control domain make, down to the names that the plan mentions.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/sha256.h>
#include <unikernel/control/core/bundle_check.h>
#include <unikernel/control/core/image.h>
#include <unikernel/control/core/name.h>
#include <unikernel/control/core/plan_check.h>
#include <vmm/core/boot_check.h>

#define FILE_BYTES_MAX (1ul << 30)

struct input {
	uint32_t kind;
	char name[BUNDLE_NAME_MAX];
	const char *path;
	uint8_t *bytes;
	size_t len;
};

struct job {
	const char *out, *vmm;
	struct input inputs[BUNDLE_ENTRY_MAX];
	uint32_t count;
};

static _Noreturn void refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

static _Noreturn void refuse(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "mkbundle: error: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	va_end(args);
	exit(1);
}

static uint8_t *file_read(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	uint8_t *bytes;
	long size;

	if (!f)
		refuse("%s: %s: build it first, or correct the path", path, strerror(errno));
	if (fseek(f, 0, SEEK_END) || (size = ftell(f)) < 0 || fseek(f, 0, SEEK_SET))
		refuse("%s: %s: it must be a plain file", path, strerror(errno));
	if (size == 0 || (size_t)size > FILE_BYTES_MAX)
		refuse("%s: is empty, or larger than 1 GiB: build it again", path);
	*len = (size_t)size;
	bytes = malloc(*len);
	if (!bytes)
		refuse("%s: not enough memory for its %zu bytes", path, *len);
	if (fread(bytes, 1, *len, f) != *len)
		refuse("%s: cannot be read to its end", path);
	fclose(f);
	return bytes;
}

/* One argument KIND[:NAME]=FILE. */
static void input_add(struct job *job, const char *arg)
{
	const char *equals = strchr(arg, '='), *name = "control";
	struct input *in = &job->inputs[job->count];
	size_t len;

	if (!equals || !equals[1])
		refuse("%s: is not KIND=FILE: give control=FILE, image:NAME=FILE or plan=FILE", arg);
	if (job->count == BUNDLE_ENTRY_MAX)
		refuse("%s: a bundle has at most %u entries: leave an image out", arg, BUNDLE_ENTRY_MAX);
	len = (size_t)(equals - arg);
	in->path = equals + 1;
	if (len == 7 && !strncmp(arg, "control", len)) {
		in->kind = BUNDLE_CONTROL;
	} else if (len == 4 && !strncmp(arg, "plan", len)) {
		in->kind = BUNDLE_PLAN;
		name = "plan";
	} else if (!strncmp(arg, "image:", 6) && len > 6 && len - 6 < sizeof in->name) {
		in->kind = BUNDLE_IMAGE;
		name = NULL;
		memcpy(in->name, arg + 6, len - 6);
	} else {
		refuse("%s: unknown kind: give control=FILE, image:NAME=FILE or plan=FILE, NAME below 32 characters",
		       arg);
	}
	if (name)
		name_copy(in->name, sizeof in->name, name);
	if (!name_valid(in->name, sizeof in->name))
		refuse("%s: a name is made of a-z 0-9 - _ .", arg);
	job->count++;
}

static int input_compare(const void *a, const void *b)
{
	const struct input *x = a, *y = b;

	/* control, images by name, plan */
	return x->kind != y->kind ? (x->kind < y->kind ? -1 : 1) : strcmp(x->name, y->name);
}

static uint64_t segment_file_bytes(const struct image_segment *s)
{
	return s->bytes ? align_up(s->lead + s->bytes, PAGE_SIZE) : 0;
}

/* Puts the layout that ring 0 copies (struct bundle_control) in the place of the control domain's ELF file. */
static void control_flatten(struct input *in, const struct image *image)
{
	struct bundle_control c = {.entry = image->entry, .segment_count = image->segment_count};
	size_t len = PAGE_SIZE;
	uint8_t *bytes;

	for (uint32_t i = 0; i < image->segment_count; i++) {
		const struct image_segment *s = &image->segments[i];

		c.segment[i] = (struct bundle_segment){.va = s->va,
						       .memory_bytes = s->pages * PAGE_SIZE,
						       .offset = len,
						       .file_bytes = segment_file_bytes(s),
						       .rights = s->rights & ELF_PF_X   ? BUNDLE_EXECUTE
								 : s->rights & ELF_PF_W ? BUNDLE_WRITE
											: BUNDLE_READ};
		len += segment_file_bytes(s);
	}
	bytes = calloc(1, len);
	if (!bytes)
		refuse("%s: not enough memory for its %zu bytes", in->path, len);
	memcpy(bytes, &c, sizeof c);
	for (uint32_t i = 0; i < image->segment_count; i++)
		memcpy(bytes + c.segment[i].offset + image->segments[i].lead, image->segments[i].data,
		       image->segments[i].bytes);
	free(in->bytes);
	in->bytes = bytes;
	in->len = len;
}

/* Reads and checks the ELF images: the control domain's, which is taken apart, and all others. */
static void images_check(struct job *job)
{
	for (uint32_t i = 0; i < job->count; i++) {
		struct input *in = &job->inputs[i];
		struct image image;
		enum image_error error;

		in->bytes = file_read(in->path, &in->len);
		if (in->kind == BUNDLE_PLAN)
			continue;
		error = image_open(in->bytes, in->len, ~0u, &image);
		if (error == IMAGE_BAD_ELF)
			refuse("%s: %s: link it with unikernel/guest.ld", in->path, elf_error_text(image.elf));
		if (error)
			refuse("%s: %s", in->path, image_error_text(error));
		if (in->kind == BUNDLE_CONTROL)
			control_flatten(in, &image);
	}
}

/* The whole bundle, allocated; its length to *@length. */
static uint8_t *bundle_write(struct job *job, size_t *length)
{
	struct bundle_header h = {.magic = BUNDLE_MAGIC, .version = BUNDLE_VERSION, .entry_count = job->count};
	struct bundle_entry entries[BUNDLE_ENTRY_MAX];
	size_t table = job->count * sizeof entries[0], at = align_up(sizeof h + table, PAGE_SIZE), vmm_len;
	uint8_t *vmm = file_read(job->vmm, &vmm_len), *bytes;

	memset(entries, 0, sizeof entries);
	for (uint32_t i = 0; i < job->count; i++) {
		const struct input *in = &job->inputs[i];
		entries[i].kind = in->kind;
		memcpy(entries[i].name, in->name, sizeof entries[i].name);
		entries[i].offset = at;
		entries[i].length = in->len;
		sha256(in->bytes, in->len, entries[i].sha256);
		at = align_up(at + in->len, PAGE_SIZE);
	}
	h.length = at;
	sha256(entries, table, h.table_sha256);
	sha256(vmm, vmm_len, h.vmm_sha256);
	free(vmm);
	bytes = calloc(1, at);
	if (!bytes)
		refuse("%s: not enough memory for its %zu bytes", job->out, at);
	memcpy(bytes, &h, sizeof h);
	memcpy(bytes + sizeof h, entries, table);
	for (uint32_t i = 0; i < job->count; i++)
		memcpy(bytes + entries[i].offset, job->inputs[i].bytes, job->inputs[i].len);
	*length = at;
	return bytes;
}

/* What the control domain, and the hypervisor before it, would say to the bundle. */
static void bundle_refuse_bad(const struct job *job, const uint8_t *bytes, size_t length)
{
	uint32_t index;
	enum bundle_error error = bundle_check(bytes, length, &index);
	const struct bundle_entry *e;
	struct plan_verdict v;
	struct plan_view view;

	if (error)
		refuse("%s: entry %s: %s", job->out, index < job->count ? job->inputs[index].name : "-",
		       bundle_error_text(error));
	if (boot_bundle_fault(bytes, length))
		refuse("%s: %s", job->out, boot_bundle_fault(bytes, length));
	e = bundle_find(bytes, BUNDLE_PLAN, NULL);
	v = plan_check(bundle_data(bytes, e), e->length, &view);
	if (v.error)
		refuse("plan: %s %u: %s", plan_error_whose(v.error), v.index, plan_error_text(v.error));
	for (uint32_t i = 0; i < view.domain_count; i++)
		if (!bundle_find(bytes, BUNDLE_IMAGE, view.domains[i].image))
			refuse("the plan's domain %s wants the image %s: add it to the appliance's list of images, "
			       "image:%s=FILE",
			       view.domains[i].name, view.domains[i].image, view.domains[i].image);
}

int main(int argc, char **argv)
{
	static struct job job;
	uint8_t *bytes;
	size_t length;
	FILE *f;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-o") && i + 1 < argc)
			job.out = argv[++i];
		else if (!strcmp(argv[i], "--vmm") && i + 1 < argc)
			job.vmm = argv[++i];
		else
			input_add(&job, argv[i]);
	}
	if (!job.out || !job.vmm || !job.count)
		refuse("usage: mkbundle -o OUT --vmm VMM.elf control=FILE image:NAME=FILE... plan=FILE");
	qsort(job.inputs, job.count, sizeof job.inputs[0], input_compare);
	images_check(&job);
	bytes = bundle_write(&job, &length);
	bundle_refuse_bad(&job, bytes, length);
	f = fopen(job.out, "wb");
	if (!f || fwrite(bytes, 1, length, f) != length || fclose(f))
		refuse("%s: %s: is there room, and may you write there?", job.out, strerror(errno));
	for (uint32_t i = 0; i < job.count; i++)
		free(job.inputs[i].bytes);
	free(bytes);
	return 0;
}
