/* SPDX-License-Identifier: BSD-2-Clause */
/* Nothing here outlives its process: namespaces end with it. */
#include "network.h"

#include <sched.h>
#include <unistd.h>

#include "command.h"

bool network_private(void)
{
	static const char *const commands[][10] = {
		{"ip", "link", "set", "lo", "up"},
		{"ip", "tuntap", "add", NETWORK_TAP, "mode", "tap"},
		{"ip", "address", "add", NETWORK_ADDRESS, "dev", NETWORK_TAP},
		{"ip", "link", "set", NETWORK_TAP, "up"},
	};

	/* the device first: where it cannot be opened the namespace would be of no use */
	if (access("/dev/net/tun", R_OK | W_OK) || !command_exists("ip") || unshare(CLONE_NEWNET))
		return false;
	for (unsigned i = 0; i < sizeof commands / sizeof commands[0]; i++)
		if (command_run(commands[i], NULL, 0))
			return false;
	return true;
}
