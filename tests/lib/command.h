/* SPDX-License-Identifier: BSD-2-Clause */
/* Host programs that a test uses: mtools, ab. */
#ifndef CAMBIUM_TESTS_COMMAND_H
#define CAMBIUM_TESTS_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

/* True when program @name is found in PATH. */
bool command_exists(const char *name);
/* Runs the NULL-terminated @words and keeps what it says, cut, in @output (NULL: not wanted). Returns its exit status, or
 * -1; anything but 0 shows the output on standard error. */
int command_run(const char *const *words, char *output, size_t bytes);

/* Starts the NULL-terminated @words in the background; returns the process, which ends with this test at the latest. */
int command_start(const char *const *words);
/* Ends and reaps it. */
void command_stop(int process);

/* Copies file @from to @to. */
bool file_copy(const char *from, const char *to);
/* Inverts a bit of the byte at @offset (from the end when negative) of file @path. */
bool file_damage(const char *path, long offset);
/* Cuts file @path to @bytes (from the end when negative: takes as many away). */
bool file_cut(const char *path, long bytes);

#endif
