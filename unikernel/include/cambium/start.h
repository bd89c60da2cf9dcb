/* SPDX-License-Identifier: BSD-2-Clause */
/* What the builder told this domain about itself. */
#ifndef CAMBIUM_START_H
#define CAMBIUM_START_H

#include <abi/start.h>

/* The start-info page (read-only, mapped for the domain's life). Valid from the first constructor on; its seed is not
 * there for programs: take randomness from getrandom(). */
const struct start_info *start_info(void);

#endif
