// SPDX-License-Identifier: BSD-2-Clause
/*
 * hello [seconds]: says hello with its arguments, then counts the seconds aloud and ends. Without
 * an argument it ends at once; with 0 it counts for ever. The smallest thing that shows a console,
 * a clock and an exit status: nothing but stdio and nanosleep.
 */
#include <stdio.h>
#include <time.h>

#include <cambium/start.h>

/* It needs little: an instance is to be small. */
CAMBIUM_NOTE(32, 8, NOTE_GROWS);

static int sleep_one_second(void)
{
	struct timespec left = {.tv_sec = 1};

	return nanosleep(&left, NULL);
}

/* Reads a decimal number of at most nine digits; 0 if `text` is anything else. */
static int read_number(const char *text, unsigned *number)
{
	int digits = 0;

	*number = 0;
	for (; *text >= '0' && *text <= '9' && digits < 9; text++, digits++)
		*number = *number * 10 + (unsigned)(*text - '0');
	return digits > 0 && *text == '\0';
}

int main(int argc, char **argv)
{
	unsigned seconds = 0;

	printf("hello:");
	for (int i = 0; i < argc; i++)
		printf(" %s", argv[i]);
	printf("\n");
	fflush(stdout);
	if (argc < 2)
		return 0;
	if (argc > 2 || !read_number(argv[1], &seconds)) {
		fprintf(stderr, "usage: hello [seconds]\n");
		return 2;
	}
	for (unsigned i = 1; seconds == 0 || i <= seconds; i++) {
		if (sleep_one_second() != 0) {
			fprintf(stderr, "hello: the clock does not run\n");
			return 1;
		}
		printf("hello: %u s\n", i);
		fflush(stdout);
	}
	return 0;
}
