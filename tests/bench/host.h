/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs of this host beside the machine. */
#ifndef CAMBIUM_TESTS_BENCH_HOST_H
#define CAMBIUM_TESTS_BENCH_HOST_H

/* Starts program @path with @word as its only argument; it is silent, and killed with us. Its process, or -1; pair:
 * program_stop. */
int program_start(const char *path, const char *word);
void program_stop(int process);

/* The thread of @process whose name begins with @name; 0: there is none. */
int thread_find(int process, const char *name);
/* This host's processor number @place of those that this process may use, or -1: there are not so many. */
int processor_get(unsigned place);
/* From now on @thread (0: this one, and those that it starts) runs on @processor alone; -1: on any. */
void thread_pin(int thread, int processor);

#endif
