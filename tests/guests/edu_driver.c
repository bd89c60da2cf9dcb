/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A driver domain whose device is never idle: QEMU's edu copies out of one page of this domain and into many others,
 * without end, and each page is looked at. Whenever this domain is killed, a copy into one of its frames is under way.
 * Says "edu: busy" when the first round was right; ends with 1 behind a line that says what is wrong.
 */
#include <stdio.h>

#include <abi/types.h>
#include <cambium/mem.h>
#include <cambium/start.h>

#include "edu.h"

#define TARGETS 32u
#define WORDS (EDU_BUFFER_BYTES / sizeof(uint64_t)) /* of a page */
#define PAGE_WORDS (PAGE_SIZE / sizeof(uint64_t))

CAMBIUM_NOTE(256, 64, NOTE_GROWS);

static uint64_t *source, *targets;

/* A word that no other place of another round has. */
static uint64_t word(uint64_t round, unsigned i)
{
	return (round << 16 | i) * 0x9e3779b97f4a7c15ull;
}

static bool allow(void *pages, unsigned count, uint32_t rights)
{
	uint64_t mfns[TARGETS];
	int64_t result;

	for (unsigned i = 0; i < count; i++)
		mfns[i] = pages_mfn((uint8_t *)pages + i * PAGE_SIZE);
	result = hc_device_dma(mfns, count, rights);
	if (result != count)
		printf("edu: %u pages cannot be given to the device: %s\n", count, abi_error_text(result));
	return result == count;
}

static bool set_up(struct edu *e)
{
	source = pages_alloc(1);
	targets = pages_alloc(TARGETS);
	if (!source || !targets || !edu_open(e)) {
		printf("edu: no memory, or no edu device: add -device edu,dma_mask=0xffffffff to QEMU\n");
		return false;
	}
	if (!allow(source, 1, DMA_READ) || !allow(targets, TARGETS, DMA_WRITE))
		return false;
	/* What the last owner told the device is of no effect while bus mastering is off: let it come and go. */
	edu_wait(e);
	if (pci_set_master(&e->pci, true) < 0) {
		printf("edu: no bus mastering\n");
		return false;
	}
	return true;
}

/* A page of words of @round out to the device, and into every target. */
static bool go_round(const struct edu *e, uint64_t round, unsigned count)
{
	for (unsigned i = 0; i < WORDS; i++)
		source[i] = word(round, i);
	edu_dma(e, pages_mfn(source) << PAGE_SHIFT, EDU_BUFFER_BYTES, false);
	edu_wait(e);
	for (unsigned t = 0; t < count; t++) {
		uint64_t *target = targets + t * PAGE_WORDS;

		edu_dma(e, pages_mfn(target) << PAGE_SHIFT, EDU_BUFFER_BYTES, true);
		edu_wait(e);
		for (unsigned i = 0; i < WORDS; i++)
			if (*(volatile uint64_t *)&target[i] != word(round, i)) {
				printf("edu: round %lu, page %u, word %u is %lx, not %lx\n", round, t, i, target[i],
				       word(round, i));
				return false;
			}
	}
	return true;
}

int main(void)
{
	struct edu e;

	if (!set_up(&e) || !go_round(&e, 1, 1))
		return 1;
	printf("edu: busy\n");
	fflush(stdout);
	for (uint64_t round = 2; go_round(&e, round, TARGETS); round++)
		;
	return 1;
}
