/* SPDX-License-Identifier: BSD-2-Clause */
/* talk LINES: prints numbered lines as fast as it can, to see what becomes of them. */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	int lines = argc == 2 ? atoi(argv[1]) : 0;

	for (int i = 1; i <= lines; i++)
		printf("line %d of %d\n", i, lines);
	return 0;
}
