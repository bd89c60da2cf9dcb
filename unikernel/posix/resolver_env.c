/* SPDX-License-Identifier: BSD-2-Clause */
/* The environment's say in names: RESOLVER=ADDRESS[#PORT],... and, as other systems have it, LOCALDOMAIN="SUFFIX ...". */
#include "resolver_env.h"

#include <stdlib.h>
#include <string.h>

#include <cambium/console.h>

static void say_once(const char *text)
{
	static bool said;

	if (!said)
		console_puts(text);
	said = true;
}

/* The servers as resolver_init() takes them, NULL: none. Here is the place for those that a link's DHCP server names. */
static const char *servers_of_domain(void)
{
	return getenv("RESOLVER");
}

bool resolver_of_domain(struct resolver *resolver, bool asked)
{
	const char *servers = servers_of_domain();

	if (servers != NULL && resolver_init(resolver, servers)) {
		resolver->search = getenv("LOCALDOMAIN");
		return true;
	}
	if (asked)
		say_once(servers == NULL
				 ? "names: no name server: put RESOLVER=ADDRESS before the program on the domain's "
				   "command line\n"
				 : "names: RESOLVER is none: give ADDRESS or ADDRESS#PORT, three at most with commas "
				   "between\n");
	return false;
}
