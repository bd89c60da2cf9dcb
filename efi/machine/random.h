/* SPDX-License-Identifier: BSD-2-Clause */
/* boot_info.random: what the control domain's seed and places are made of. */
#ifndef CAMBIUM_EFI_MACHINE_RANDOM_H
#define CAMBIUM_EFI_MACHINE_RANDOM_H

#include <abi/boot.h>
#include <stdbool.h>

/* Fills info->random from @source, which answers false when it has none just now. False: it has none for long. */
bool random_fill(struct boot_info *info, bool (*source)(uint64_t *word));

/* Fills info->random from @clock, a time stamp, and notes it: whoever knows that knows the words. */
void random_guessable(struct boot_info *info, uint64_t clock);

#endif
