/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines one behind the other. Invariant: behind them there is room for MORE_NOTES and the empty line that ends them. */
#include "notes.h"

#include <stdbool.h>
#include <string.h>

#define LINE_MAX 128u
#define MORE_NOTES "acpi: there is more to say than room for it"

const char *note_number(char room[NOTE_NUMBER_MAX], uint64_t v, unsigned base)
{
	char *p = room + NOTE_NUMBER_MAX - 1;

	*p = 0;
	do {
		*--p = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	return p;
}

void note_add(struct boot_info *info, const char *const *parts)
{
	uint32_t last = 0, used = 0, n = 0;
	char line[LINE_MAX];

	while (info->notes[used])
		for (last = used; info->notes[used++];)
			;
	if (used && memcmp(info->notes + last, MORE_NOTES, sizeof MORE_NOTES) == 0)
		return;
	for (; *parts; parts++)
		for (const char *p = *parts; *p && n < LINE_MAX - 1; p++)
			line[n++] = *p;
	line[n++] = 0;
	if (used + n + sizeof MORE_NOTES < BOOT_NOTES_MAX)
		memcpy(info->notes + used, line, n);
	else
		memcpy(info->notes + used, MORE_NOTES, sizeof MORE_NOTES);
}
