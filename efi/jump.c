/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The step from the firmware's page tables to the hypervisor's entry. The loader itself may lie anywhere, so the switch
 * is made from a page that both tables map one to one.
 */
#include "loader.h"

#define LARGE_PAGE 0x200000ull
#define TABLE 0x3ull  /* present, writable */
#define LARGE 0x83ull /* present, writable, large */
#define LOW_GIB 4u
#define IMAGE_LARGE_PAGES 8u

EFI_STATUS tables_build(const struct image *image, UINT64 *root)
{
	UINT64 pages, *l4, *l3_low, *l3_high, *l2_high, *l2;
	EFI_STATUS s = pages_new(4 + LOW_GIB, EfiLoaderData, &pages);

	if (EFI_ERROR(s))
		return s;
	l4 = (UINT64 *)pages;
	l3_low = l4 + 512;
	l3_high = l3_low + 512;
	l2_high = l3_high + 512;
	l2 = l2_high + 512;
	l4[0] = (UINT64)l3_low | TABLE;
	l4[image->link >> 39 & 511] = (UINT64)l3_high | TABLE;
	l3_high[image->link >> 30 & 511] = (UINT64)l2_high | TABLE;
	for (unsigned i = 0; i < IMAGE_LARGE_PAGES; i++)
		l2_high[(image->link >> 21 & 511) + i] = (image->base + i * LARGE_PAGE) | LARGE;
	for (unsigned i = 0; i < LOW_GIB; i++)
		l3_low[i] = (UINT64)(l2 + i * 512) | TABLE;
	for (unsigned i = 0; i < LOW_GIB * 512; i++)
		l2[i] = i * LARGE_PAGE | LARGE;
	*root = pages;
	return EFI_SUCCESS;
}

EFI_STATUS jump_prepare(UINT64 *page)
{
	/* mov %rsi, %cr3; jmp *%rdx */
	static const UINT8 code[] = {0x0f, 0x22, 0xde, 0xff, 0xe2};
	EFI_STATUS s = pages_new(2, EfiLoaderCode, page);

	if (!EFI_ERROR(s))
		CopyMem((void *)*page, (void *)code, sizeof code);
	return s;
}

void jump(UINT64 page, UINT64 root, UINT64 entry, UINT64 info)
{
	/* The second page is the stack that abi/boot.h asks for. */
	__asm__ volatile("cli\n\tcld\n\tmov %4, %%rsp\n\tjmp *%0"
			 :
			 : "a"(page), "D"(info), "S"(root), "d"(entry), "r"(page + 2 * PAGE_SIZE)
			 : "memory");
	__builtin_unreachable();
}
