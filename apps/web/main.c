// SPDX-License-Identifier: BSD-2-Clause
/*
 * web [port]: serves the file tree of the image over HTTP/1.1, on port 80 unless told otherwise.
 * Plain POSIX: the same files are a unikernel's application and a Linux program.
 */
#include <stdio.h>
#include <string.h>
#include <errno.h>

#include "listen.h"
#include "server.h"

/* The port that `text` names in decimal, or 0. */
static uint16_t port_of(const char *text)
{
	uint32_t port = 0;

	if (*text == '\0')
		return 0;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return 0;
		port = port * 10 + (uint32_t)(*text - '0');
		if (port > UINT16_MAX)
			return 0;
	}
	return (uint16_t)port;
}

int main(int argc, char **argv)
{
	static struct site site;
	uint16_t port = argc > 1 ? port_of(argv[1]) : 80;
	int sockets[LISTEN_MAX];
	unsigned count;

	if (argc > 2 || port == 0) {
		fprintf(stderr, "usage: web [port]\n");
		return 2;
	}
	count = listen_on(port, sockets);
	if (count == 0) {
		fprintf(stderr, "web: cannot listen on port %u: %s\n", (unsigned)port, strerror(errno));
		return 1;
	}
	printf("web: listening on port %u\n", (unsigned)port);
	fflush(stdout);
	site_start(&site, web_files, web_file_count, server_clock());
	server_run(&site, sockets, count);
	fprintf(stderr, "web: cannot poll: %s\n", strerror(errno));
	return 1;
}
