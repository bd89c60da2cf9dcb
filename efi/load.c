/* SPDX-License-Identifier: BSD-2-Clause */
/* Files, the bundle's digests, and the hypervisor's segments. What is loaded is checked before anything is believed. */
#include "loader.h"

#include <abi/bundle.h>
#include <base/elf.h>
#include <base/sha256.h>

#define LARGE_PAGE 0x200000ull
#define REMEDY L"make the image again (make image)"

EFI_STATUS pages_new(UINTN pages, EFI_MEMORY_TYPE type, UINT64 *address)
{
	EFI_PHYSICAL_ADDRESS a = LOW_LIMIT;
	EFI_STATUS s = uefi_call_wrapper(BS->AllocatePages, 4, AllocateMaxAddress, type, pages, &a);

	if (EFI_ERROR(s))
		return refuse(s, L"no %lu KiB of memory below 4 GiB: give the machine more", (UINT64)pages * 4);
	SetMem((void *)a, pages * PAGE_SIZE, 0);
	*address = a;
	return EFI_SUCCESS;
}

static EFI_STATUS file_read(EFI_FILE_HANDLE f, const CHAR16 *path, struct file *out)
{
	EFI_FILE_INFO *info = LibFileInfo(f);
	EFI_STATUS s;
	UINTN got;

	if (!info || !info->FileSize || info->FileSize > LOW_LIMIT)
		return refuse(EFI_LOAD_ERROR, L"%s is empty or cannot be examined: " REMEDY, path);
	out->bytes = info->FileSize;
	FreePool(info);
	s = pages_new(align_up(out->bytes, PAGE_SIZE) / PAGE_SIZE, EfiLoaderData, &out->address);
	if (EFI_ERROR(s))
		return s;
	got = out->bytes;
	s = uefi_call_wrapper(f->Read, 3, f, &got, (void *)out->address);
	if (EFI_ERROR(s) || got != out->bytes)
		return refuse(EFI_LOAD_ERROR, L"%s: only %lu of %lu bytes could be read (%r): " REMEDY, path,
			      (UINT64)got, out->bytes, s);
	return EFI_SUCCESS;
}

EFI_STATUS file_load(EFI_FILE_HANDLE root, const CHAR16 *path, struct file *out)
{
	EFI_FILE_HANDLE f;
	EFI_STATUS s = uefi_call_wrapper(root->Open, 5, root, &f, (CHAR16 *)path, EFI_FILE_MODE_READ, 0);

	if (EFI_ERROR(s))
		return refuse(s, L"%s is missing on the boot volume (%r): copy it there, or " REMEDY, path, s);
	s = file_read(f, path, out);
	uefi_call_wrapper(f->Close, 1, f);
	return s;
}

static BOOLEAN digest_is(UINT64 address, UINT64 bytes, const UINT8 *want)
{
	UINT8 have[SHA256_LEN];

	sha256((const void *)address, bytes, have);
	return CompareMem(have, want, SHA256_LEN) == 0;
}

static EFI_STATUS entry_verify(const struct file *bundle, const struct bundle_entry *e)
{
	CHAR16 name[BUNDLE_NAME_MAX];

	for (unsigned i = 0; i < BUNDLE_NAME_MAX; i++)
		name[i] = e->name[i] >= ' ' && e->name[i] <= '~' ? (CHAR16)e->name[i] : 0;
	name[BUNDLE_NAME_MAX - 1] = 0;
	if (e->offset % PAGE_SIZE || !range_within(e->offset, e->length, bundle->bytes))
		return refuse(EFI_LOAD_ERROR, L"%s: entry %s lies outside the file: " REMEDY, FILE_BUNDLE, name);
	if (!digest_is(bundle->address + e->offset, e->length, e->sha256))
		return refuse(EFI_CRC_ERROR, L"%s: entry %s is damaged (SHA-256 differs): " REMEDY, FILE_BUNDLE, name);
	return EFI_SUCCESS;
}

EFI_STATUS bundle_verify(const struct file *bundle, const struct file *vmm)
{
	const struct bundle_header *h = (const struct bundle_header *)bundle->address;
	const struct bundle_entry *e = (const struct bundle_entry *)(h + 1);

	if (bundle->bytes < sizeof *h || h->magic != BUNDLE_MAGIC || h->version != BUNDLE_VERSION)
		return refuse(EFI_LOAD_ERROR, L"%s is not a bundle of version %u: " REMEDY, FILE_BUNDLE,
			      BUNDLE_VERSION);
	if (h->length != bundle->bytes || h->entry_count > BUNDLE_ENTRY_MAX ||
	    h->length < sizeof *h + h->entry_count * sizeof *e)
		return refuse(EFI_LOAD_ERROR, L"%s is truncated: %lu bytes, its header says %lu: " REMEDY, FILE_BUNDLE,
			      bundle->bytes, h->length);
	if (!digest_is((UINT64)e, h->entry_count * sizeof *e, h->table_sha256))
		return refuse(EFI_CRC_ERROR, L"%s: its table is damaged (SHA-256 differs): " REMEDY, FILE_BUNDLE);
	for (UINT32 i = 0; i < h->entry_count; i++) {
		EFI_STATUS s = entry_verify(bundle, &e[i]);
		if (EFI_ERROR(s))
			return s;
	}
	if (!digest_is(vmm->address, vmm->bytes, h->vmm_sha256))
		return refuse(EFI_CRC_ERROR,
			      L"%s is damaged or not the one that %s was made with (SHA-256 differs): " REMEDY,
			      FILE_VMM, FILE_BUNDLE);
	return EFI_SUCCESS;
}

/* Segment @i of the hypervisor's file; NULL when it takes no memory, or is the other door's. */
static const struct elf_segment *segment_at(const void *file, unsigned i)
{
	const struct elf_segment *s = elf_segment_at(file, i);

	return s->type == ELF_PT_LOAD && s->memsz && !(s->flags & BOOT_SEGMENT_PVH) ? s : NULL;
}

/* The run of link addresses that the segments cover. */
static void image_span(const void *file, UINT64 *first, UINT64 *end)
{
	const struct elf_header *h = file;

	*first = ~0ull;
	*end = 0;
	for (unsigned i = 0; i < h->phnum; i++) {
		const struct elf_segment *s = segment_at(file, i);
		if (!s)
			continue;
		*first = MIN(*first, align_down(s->vaddr, PAGE_SIZE));
		*end = MAX(*end, align_up(s->vaddr + s->memsz, PAGE_SIZE));
	}
}

EFI_STATUS image_load(const struct file *vmm, struct image *out)
{
	const void *file = (const void *)vmm->address;
	enum elf_error e = elf_open(file, vmm->bytes, 0xffffffff80000000ull, 0xfffffffffffff000ull);
	const struct elf_header *h = file;
	UINT64 end, memory;
	EFI_STATUS s;

	if (e != ELF_OK)
		return refuse(EFI_LOAD_ERROR, L"%s: %a: " REMEDY, FILE_VMM, elf_error_text(e));
	image_span(file, &out->link, &end);
	if (out->link % LARGE_PAGE || end - out->link > 8 * LARGE_PAGE)
		return refuse(EFI_LOAD_ERROR, L"%s: its segments do not start at 2 MiB or are too large: " REMEDY,
			      FILE_VMM);
	out->entry = h->entry;
	out->bytes = end - out->link;
	s = pages_new((align_up(out->bytes, LARGE_PAGE) + LARGE_PAGE) / PAGE_SIZE, EfiLoaderData, &memory);
	if (EFI_ERROR(s))
		return s;
	out->base = align_up(memory, LARGE_PAGE);
	for (unsigned i = 0; i < h->phnum; i++) {
		const struct elf_segment *seg = segment_at(file, i);
		if (seg)
			CopyMem((void *)(out->base + (seg->vaddr - out->link)), (void *)(vmm->address + seg->offset),
				seg->filesz);
	}
	return EFI_SUCCESS;
}
