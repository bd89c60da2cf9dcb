/* SPDX-License-Identifier: BSD-2-Clause */
/* A small HTTP/1.1 client for tests: one connection, to a port of 127.0.0.1 mostly, requests one after another. */
#ifndef CAMBIUM_TESTS_HTTP_H
#define CAMBIUM_TESTS_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_BYTES 65536u /* head and body of an answer together */

struct http {
	int fd;                 /* -1: not connected */
	unsigned patience;      /* seconds for each step */
	char bytes[HTTP_BYTES]; /* received and not yet consumed */
	size_t len;
	char error[120]; /* what went wrong last */
};

struct http_answer {
	int status;
	char head[4096]; /* NUL-terminated: status line and header lines */
	char body[HTTP_BYTES];
	size_t len;
};

/* Connects to @port; each later step may take @patience seconds. False: h->error says why. */
bool http_open(struct http *h, uint16_t port, unsigned patience);
/* The same to another address. */
bool http_open_at(struct http *h, const char *address, uint16_t port, unsigned patience);
void http_close(struct http *h);

/* Sends bytes as they are. */
bool http_send(struct http *h, const char *bytes, size_t len);
/* Receives one answer; @method tells whether it has a body. False: h->error says why. */
bool http_receive(struct http *h, const char *method, struct http_answer *a);
/* Sends a request without a body and receives the answer. The connection stays open. */
bool http_ask(struct http *h, const char *method, const char *path, struct http_answer *a);

/* One request on a connection of its own. False when no whole answer came: @a->body then holds the reason. */
bool http_get(uint16_t port, const char *path, struct http_answer *a);

/* Asks for / again and again until the answer is 200, at most @seconds long. */
bool http_serves(uint16_t port, unsigned seconds);

/* The value of header @name in @a, copied and cut to @value. False: it is not there. */
bool http_header(const struct http_answer *a, const char *name, char *value, size_t bytes);

#endif
