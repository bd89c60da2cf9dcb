/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of reloads share. */
#ifndef CAMBIUM_TESTS_RELOAD_H
#define CAMBIUM_TESTS_RELOAD_H

#include <base/sha256.h>
#include <drivers/ring/manage_line.h>

#include "system.h"

/* Runs `cambium rules VERB --serial ...` with the words that follow, the last NULL; what it says in @said. */
int rules_run(const struct machine *m, char *said, size_t bytes, const char *verb, ...);

/* Writes a policy for the demo appliance with the blocks @text; the file's path, one of a few that are kept. */
const char *policy_write(const char *name, const char *text);

#endif
