// SPDX-License-Identifier: BSD-2-Clause
/*
 * services [option...] [NAME=ADDRESS,...]: the name server and DHCP server of an appliance (config.h): names of its domains, all others
 * by way of other name servers, and the domains' own addresses. Plain POSIX: the same files are a unikernel's application and a Linux program.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "config.h"
#include "lessor.h"
#include "loop.h"

static struct dns_server server;
static struct dhcp_server dhcp;
static struct dhcp_names names;

int main(int argc, char **argv)
{
	struct config config = {.server = &server, .dhcp = &dhcp, .names = &names};
	const char *word, *fault = config_read(&config, argc - 1, argv + 1, &word);

	if (fault != NULL) {
		fprintf(stderr, "services: `%s`: %s\n", word, fault);
		fprintf(stderr,
			"usage: services [--suffix=NAME] [--port=NUMBER] [--upstream=ADDRESS,...] "
			"[--inside=NET/LENGTH,...] [NAME=ADDRESS,...] "
			"[--address=ADDRESS --lease=NAME,ADDRESS/LENGTH,ROUTER,MTU... [--lease-time=SECONDS]]\n");
		return 2;
	}
	if (getrandom(&server.cache.key, sizeof(server.cache.key), 0) != sizeof(server.cache.key)) {
		fprintf(stderr, "services: there is no randomness\n");
		return 1;
	}
	if (!loop_open(config.port)) {
		fprintf(stderr, "services: cannot listen on port %u: %s\n", (unsigned)config.port, strerror(errno));
		return 1;
	}
	if (dhcp.count != 0 && !lessor_open(&dhcp)) {
		fprintf(stderr, "services: cannot listen on port 67 for DHCP: %s\n", strerror(errno));
		return 1;
	}
	if (names.is_wanted && !lessor_open_names(&names, &server)) {
		fprintf(stderr, "services: cannot listen on port 68 for the uplink's name servers: %s\n",
			strerror(errno));
		return 1;
	}
	printf("services: names on port %u: %u addresses, %u upstream servers\n", (unsigned)config.port,
	       server.zone.count, server.upstream_count);
	if (dhcp.count != 0)
		printf("services: DHCP for %u links, %u s\n", dhcp.count, (unsigned)dhcp.seconds);
	fflush(stdout);
	loop_run(&server);
	fprintf(stderr, "services: cannot poll: %s\n", strerror(errno));
	return 1;
}
