/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cambium, the host command. Each noun has a file of its own; this one chooses.
 * Exit codes: 0 done, and what was asked is so; 1 it is not so, or the input is wrong; 2 the command line is wrong.
 */
#include <stdio.h>
#include <string.h>

#include "command.h"

static const char usage[] = "usage: cambium NOUN ...\n"
			    "\n"
			    "  rules   the firewall's policy: check, compile, explain, diff, load, confirm, status\n"
			    "  capture the frames of an interface of a running machine, as pcapng\n"
			    "\n"
			    "`cambium NOUN --help` tells more. Exit codes: 0 yes or done, 1 no or bad input,\n"
			    "2 bad command line.\n";

int main(int argc, char **argv)
{
	if (argc >= 2 && !strcmp(argv[1], "rules"))
		return command_rules(argc - 2, argv + 2);
	if (argc >= 2 && !strcmp(argv[1], "capture"))
		return command_capture(argc - 2, argv + 2);
	if (argc >= 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help"))) {
		fputs(usage, stdout);
		return EXIT_YES;
	}
	if (argc >= 2)
		fprintf(stderr, "cambium: error: there is no noun `%s`\n", argv[1]);
	fputs(usage, stderr);
	return EXIT_USAGE;
}
