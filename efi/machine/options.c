/* SPDX-License-Identifier: BSD-2-Clause */
#include "options.h"

#include <base/bits.h>
#include <stdbool.h>

static bool holds(const char *text, const char *word)
{
	for (const char *p = text; *p; p++) {
		unsigned n = 0;

		while (word[n] && p[n] == word[n])
			n++;
		if (!word[n] && (p[n] == ' ' || !p[n]) && (p == text || p[-1] == ' '))
			return true;
	}
	return false;
}

uint32_t options_read(const char *cmdline)
{
	static const struct {
		const char *word;
		uint32_t option;
	} known[] = {
		{"insecure=meltdown", BOOT_INSECURE_MELTDOWN},
		{"insecure=random", BOOT_INSECURE_RANDOM},
		{"check=freed", BOOT_CHECK_FREED},
	};
	uint32_t options = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(known); i++)
		options |= holds(cmdline, known[i].word) ? known[i].option : 0;
	return options;
}
