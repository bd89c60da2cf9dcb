/* SPDX-License-Identifier: BSD-2-Clause */
/* The nouns of the command line. Each takes what stands behind it, and returns the exit code. */
#ifndef CAMBIUM_TOOLS_COMMAND_H
#define CAMBIUM_TOOLS_COMMAND_H

#define EXIT_YES 0
#define EXIT_NO 1
#define EXIT_USAGE 2

int command_rules(int argc, char **argv);
int command_capture(int argc, char **argv);

/* The verbs of rules that speak with a machine, argv[0] one of them; and what is wrong with a line of rules. */
int command_rules_live(int argc, char **argv);
int rules_usage_error(const char *why, const char *what);

#endif
