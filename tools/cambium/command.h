/* SPDX-License-Identifier: BSD-2-Clause */
/* The nouns of the command line. Each takes what stands behind it, and returns the exit code. */
#ifndef CAMBIUM_TOOLS_COMMAND_H
#define CAMBIUM_TOOLS_COMMAND_H

#define EXIT_YES 0
#define EXIT_NO 1
#define EXIT_USAGE 2

int command_rules(int argc, char **argv);

#endif
