/* SPDX-License-Identifier: BSD-2-Clause */
/* Nothing here outlives the benchmark: programs are killed with their parent. */
#include "host.h"

#include <fcntl.h>
#include <signal.h>
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
