/* SPDX-License-Identifier: BSD-2-Clause */
/* The TCP connections of those who ask (RFC 7766): messages with their length before them, several under way at once. */
#ifndef SERVICES_CALLER_H
#define SERVICES_CALLER_H

#include "dns_server.h"

#define CALLERS 32u
#define CALLERS_PER_CLIENT 8u
#define CALLER_MESSAGES 8u /* answers that wait to be sent, and questions under way */
#define CALLER_IDLE_MS 15000u
#define CALLER_ROOM_MS 1000u /* whoever is silent for so long gives way to a new one, where all places are taken */

struct outgoing;

struct caller {
	int fd;          /* -1: none */
	uint64_t number; /* of the connection, never 0, never again */
	struct dns_endpoint from;
	uint64_t since_ms; /* when the last message came or went */
	bool has_ended;    /* nothing more will come */
	size_t got;
	uint8_t in[2 + DNS_QUERY_MAX];
	struct outgoing *first; /* what is to be sent */
	unsigned outgoing_count;
	size_t sent; /* of the first */
};

/* Takes over the socket @fd. */
void caller_open(struct caller *caller, int fd, const struct dns_endpoint *from, uint64_t number, uint64_t now_ms);
void caller_close(struct caller *caller);

/* Puts an answer behind the others. False: there is no memory. */
bool caller_add(struct caller *caller, const uint8_t *message, size_t len);

/* Sends what it can. False: the connection is broken. */
bool caller_send(struct caller *caller, uint64_t now_ms);
/* Receives what there is. False: the connection is broken. */
bool caller_receive(struct caller *caller);

/* The next whole message received; 0: none yet; SIZE_MAX: what comes is no query. */
size_t caller_peek(const struct caller *caller, const uint8_t **message);
/* It is done with, as is its @len. */
void caller_consume(struct caller *caller, size_t len, uint64_t now_ms);

#endif
