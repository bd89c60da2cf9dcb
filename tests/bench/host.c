/* SPDX-License-Identifier: BSD-2-Clause */
/* Nothing here outlives the benchmark: programs are killed with their parent. */
#include "host.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

int program_start(const char *path, const char *word)
{
	int child = fork(), nothing;

	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	nothing = open("/dev/null", O_WRONLY);
	dup2(nothing, 1);
	execl(path, path, word, (char *)NULL);
	_exit(127);
}

void program_stop(int process)
{
	if (process <= 0)
		return;
	kill(process, SIGKILL);
	waitpid(process, NULL, 0);
}

/* Of @thread, its name; "" when it has gone. */
static void name_read(int process, int thread, char *text, int bytes)
{
	char path[96];
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/task/%d/comm", process, thread);
	f = fopen(path, "r");
	if (!f || !fgets(text, bytes, f))
		text[0] = 0;
	if (f)
		fclose(f);
}

int thread_find(int process, const char *name)
{
	const struct dirent *entry;
	char text[64];
	int found = 0;
	DIR *all;

	snprintf(text, sizeof text, "/proc/%d/task", process);
	all = opendir(text);
	while (all && !found && (entry = readdir(all))) {
		int thread = atoi(entry->d_name);

		name_read(process, thread, text, sizeof text);
		found = thread && !strncmp(text, name, strlen(name)) ? thread : 0;
	}
	if (all)
		closedir(all);
	return found;
}

int processor_get(unsigned place)
{
	static cpu_set_t all; /* before anything was pinned */
	static bool read;

	if (!read && sched_getaffinity(0, sizeof all, &all))
		return -1;
	read = true;
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &all) && !place--)
			return i;
	return -1;
}

void thread_pin(int thread, int processor)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (int i = 0, p; (p = processor_get((unsigned)i)) >= 0; i++)
		if (processor < 0 || p == processor)
			CPU_SET(p, &set);
	sched_setaffinity(thread, sizeof set, &set);
}
