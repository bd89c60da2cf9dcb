/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whom to ask for names, and which suffixes to try: RESOLVER=ADDRESS[#PORT],... in the environment and, as other systems have it,
 * LOCALDOMAIN="SUFFIX ..."; where one is not set, what a link's DHCP server has told.
 */
#include "resolver_env.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cambium/console.h>
#include <cambium/net.h>

#define LEASE_PATIENCE_MS 5000u /* a program may ask before its domain has an address */
#define LEASE_LOOK_MS 20u

static void say_once(const char *text)
{
	static bool said;

	if (!said)
		console_puts(text);
	said = true;
}

/* The servers as resolver_init() takes them, NULL: none. */
static const char *servers_of_domain(void)
{
	const char *servers = getenv("RESOLVER");

	for (unsigned ms = 0; !servers && ms < LEASE_PATIENCE_MS && net_lease_is_awaited(); ms += LEASE_LOOK_MS)
		usleep(LEASE_LOOK_MS * 1000);
	return servers ? servers : net_leased_name_servers();
}

static const char *suffixes_of_domain(void)
{
	const char *suffixes = getenv("LOCALDOMAIN");

	return suffixes ? suffixes : net_leased_suffix();
}

bool resolver_of_domain(struct resolver *resolver, bool asked)
{
	const char *servers = servers_of_domain();

	if (servers != NULL && resolver_init(resolver, servers)) {
		resolver->search = suffixes_of_domain();
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
