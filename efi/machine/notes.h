/* SPDX-License-Identifier: BSD-2-Clause */
/* What a door has to say of the machine, for the hypervisor's log: boot_info.notes. */
#ifndef CAMBIUM_EFI_MACHINE_NOTES_H
#define CAMBIUM_EFI_MACHINE_NOTES_H

#include <abi/boot.h>

#define NOTE_NUMBER_MAX 24u

/* @v as text in base @base (10 or 16), somewhere in @room. */
const char *note_number(char room[NOTE_NUMBER_MAX], uint64_t v, unsigned base);

/* Adds the line that @parts, up to a NULL, make together. Once there is no room a last line says so. */
void note_add(struct boot_info *info, const char *const *parts);

#define NOTE(info, ...) note_add(info, (const char *const[]){__VA_ARGS__, NULL})

#endif
