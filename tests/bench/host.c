/* SPDX-License-Identifier: BSD-2-Clause */
/* Nothing here outlives the benchmark: namespaces end with their processes, and programs are killed with their parent. */
#include "host.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/command.h"

bool host_network(void)
{
	static const char *const commands[][10] = {
		{"ip", "link", "set", "lo", "up"},
		{"ip", "tuntap", "add", HOST_TAP, "mode", "tap"},
		{"ip", "address", "add", HOST_ADDRESS, "dev", HOST_TAP},
		{"ip", "link", "set", HOST_TAP, "up"},
	};

	/* the device first: where it cannot be opened the namespace would be of no use */
	if (access("/dev/net/tun", R_OK | W_OK) || !command_exists("ip") || unshare(CLONE_NEWNET))
		return false;
	for (unsigned i = 0; i < sizeof commands / sizeof commands[0]; i++)
		if (command_run(commands[i], NULL, 0))
			return false;
	return true;
}

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
