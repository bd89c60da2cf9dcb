// SPDX-License-Identifier: BSD-2-Clause
/*
 * services [option...] [NAME=ADDRESS,...]: the name server of an appliance (config.h): names of its domains, and all others
 * by way of other name servers. Plain POSIX: the same files are a unikernel's application and a Linux program.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "config.h"
#include "loop.h"

static struct dns_server server;

int main(int argc, char **argv)
{
	struct config config = {.server = &server};
	const char *word, *fault = config_read(&config, argc - 1, argv + 1, &word);

	if (fault != NULL) {
		fprintf(stderr, "services: `%s`: %s\n", word, fault);
		fprintf(stderr, "usage: services [--suffix=NAME] [--port=NUMBER] [--upstream=ADDRESS,...] "
				"[--inside=NET/LENGTH,...] [NAME=ADDRESS,...]\n");
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
	printf("services: names on port %u: %u addresses, %u upstream servers\n", (unsigned)config.port,
	       server.zone.count, server.upstream_count);
	fflush(stdout);
	loop_run(&server);
	fprintf(stderr, "services: cannot poll: %s\n", strerror(errno));
	return 1;
}
