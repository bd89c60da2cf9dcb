/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs of words of pages. Nothing is kept here. */
#include "frames.h"

#define ACCESS (FRAMES_NONE | FRAMES_READONLY)

bool frames_are_run(const uint64_t *words, size_t n)
{
	uint64_t first = frames_mfn(words[0]);

	if (!first || first % n || (words[0] & FRAMES_NONE))
		return false;
	for (size_t i = 1; i < n; i++)
		if (frames_mfn(words[i]) != first + i || ((words[i] ^ words[0]) & ACCESS))
			return false;
	return true;
}

size_t frames_present(const uint64_t *words, size_t n)
{
	size_t present = 0;

	for (size_t i = 0; i < n; i++)
		present += frames_mfn(words[i]) != 0;
	return present;
}

size_t frames_alike(const uint64_t *words, size_t i, size_t n)
{
	size_t end = i + 1;

	while (end < n && !(words[end] & FRAMES_FIRST) && !((words[end] ^ words[i]) & (ACCESS | FRAMES_MAPPING)))
		end++;
	return end - i;
}
