/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocking sockets with time-outs; an answer ends where its Content-Length says. */
#include "http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE 30u
#define RETRY_PATIENCE 5u /* a connection whose first packets were lost may never recover */
#define RETRY_MS 50

static bool failed(struct http *h, const char *what)
{
	snprintf(h->error, sizeof h->error, "%s: %s", what, errno ? strerror(errno) : "end of connection");
	return false;
}

bool http_open_at(struct http *h, const char *address, uint16_t port, unsigned patience)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = inet_addr(address)};
	struct timeval limit = {.tv_sec = patience};
	int on = 1;

	h->len = 0;
	h->patience = patience;
	h->error[0] = 0;
	h->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (h->fd < 0)
		return failed(h, "socket");
	setsockopt(h->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	setsockopt(h->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	setsockopt(h->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (!connect(h->fd, (struct sockaddr *)&a, sizeof a))
		return true;
	failed(h, "connect");
	http_close(h);
	return false;
}

bool http_open(struct http *h, uint16_t port, unsigned patience)
{
	return http_open_at(h, "127.0.0.1", port, patience);
}

void http_close(struct http *h)
{
	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
}

bool http_send(struct http *h, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = send(h->fd, bytes, len, MSG_NOSIGNAL);

		if (n < 0)
			return failed(h, "send");
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

static bool more(struct http *h)
{
	ssize_t n;

	if (h->len == sizeof h->bytes) {
		snprintf(h->error, sizeof h->error, "the answer is too long");
		return false;
	}
	errno = 0;
	n = recv(h->fd, h->bytes + h->len, sizeof h->bytes - h->len, 0);
	if (n <= 0)
		return failed(h, "receive");
	h->len += (size_t)n;
	return true;
}

static void consume(struct http *h, size_t len)
{
	memmove(h->bytes, h->bytes + len, h->len - len);
	h->len -= len;
}

bool http_header(const struct http_answer *a, const char *name, char *value, size_t bytes)
{
	size_t len = strlen(name);

	for (const char *line = strstr(a->head, "\r\n"); line; line = strstr(line + 2, "\r\n")) {
		const char *at = line + 2, *end = strstr(at, "\r\n");

		if (strncasecmp(at, name, len) || at[len] != ':')
			continue;
		at += len + 1;
		at += strspn(at, " ");
		snprintf(value, bytes, "%.*s", end ? (int)(end - at) : (int)strlen(at), at);
		return true;
	}
	return false;
}

static bool head_take(struct http *h, struct http_answer *a)
{
	char *end;

	while (!(end = memmem(h->bytes, h->len, "\r\n\r\n", 4)))
		if (!more(h))
			return false;
	snprintf(a->head, sizeof a->head, "%.*s", (int)(end - h->bytes), h->bytes);
	consume(h, (size_t)(end - h->bytes) + 4);
	if (sscanf(a->head, "HTTP/1.1 %d", &a->status) == 1)
		return true;
	snprintf(h->error, sizeof h->error, "no status line: %.60s", a->head);
	return false;
}

bool http_receive(struct http *h, const char *method, struct http_answer *a)
{
	char length[32];

	a->status = 0;
	a->len = 0;
	if (!head_take(h, a))
		return false;
	if (!strcmp(method, "HEAD") || a->status == 304 || a->status == 204)
		return true;
	if (!http_header(a, "Content-Length", length, sizeof length)) {
		snprintf(h->error, sizeof h->error, "no Content-Length");
		return false;
	}
	a->len = strtoul(length, NULL, 10);
	if (a->len >= sizeof a->body) {
		snprintf(h->error, sizeof h->error, "a body of %zu bytes", a->len);
		return false;
	}
	while (h->len < a->len)
		if (!more(h))
			return false;
	memcpy(a->body, h->bytes, a->len);
	a->body[a->len] = 0;
	consume(h, a->len);
	return true;
}

bool http_ask(struct http *h, const char *method, const char *path, struct http_answer *a)
{
	char request[512];
	int len = snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: test\r\n\r\n", method, path);

	return http_send(h, request, (size_t)len) && http_receive(h, method, a);
}

static bool get(uint16_t port, const char *path, unsigned patience, struct http_answer *a)
{
	struct http *h = malloc(sizeof *h);
	bool good = h && http_open(h, port, patience) && http_ask(h, "GET", path, a);

	if (h && !good)
		snprintf(a->body, sizeof a->body, "%s", h->error);
	if (h)
		http_close(h);
	free(h);
	return good;
}

bool http_get(uint16_t port, const char *path, struct http_answer *a)
{
	return get(port, path, PATIENCE, a);
}

bool http_serves(uint16_t port, unsigned seconds)
{
	struct http_answer *a = malloc(sizeof *a);
	struct timespec start, now;
	bool good;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		good = get(port, "/", RETRY_PATIENCE, a) && a->status == 200;
		if (!good)
			poll(NULL, 0, RETRY_MS);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (!good && now.tv_sec - start.tv_sec < (time_t)seconds);
	if (!good)
		fprintf(stderr, "port %u does not serve: %s\n", port, a->body);
	free(a);
	return good;
}
