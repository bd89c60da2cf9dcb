// SPDX-License-Identifier: BSD-2-Clause
/*
 * Invariant: in[0..got) has come and is not consumed; first is what is being sent, `sent` bytes of it are gone. What one
 * connection holds is bounded: its buffer, and CALLER_MESSAGES answers.
 */
#include "caller.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unikernel/core/dns_bytes.h"
#include "sockets.h"

struct outgoing {
	struct outgoing *next;
	size_t len;
	uint8_t bytes[];
};

void caller_open(struct caller *caller, int fd, const struct dns_endpoint *from, uint64_t number, uint64_t now_ms)
{
	memset(caller, 0, sizeof(*caller));
	caller->fd = fd;
	caller->from = *from;
	caller->number = number;
	caller->since_ms = now_ms;
}

static void drop_first(struct caller *caller)
{
	struct outgoing *next = caller->first->next;

	free(caller->first);
	caller->first = next;
	caller->sent = 0;
	caller->outgoing_count--;
}

void caller_close(struct caller *caller)
{
	while (caller->first != NULL)
		drop_first(caller);
	close(caller->fd);
	caller->fd = -1;
}

bool caller_add(struct caller *caller, const uint8_t *message, size_t len)
{
	struct outgoing *o = malloc(sizeof(*o) + 2 + len), **end = &caller->first;

	if (o == NULL)
		return false;
	o->next = NULL;
	o->len = 2 + len;
	put16(o->bytes, (uint16_t)len);
	memcpy(o->bytes + 2, message, len);
	while (*end != NULL)
		end = &(*end)->next;
	*end = o;
	caller->outgoing_count++;
	return true;
}

bool caller_send(struct caller *caller, uint64_t now_ms)
{
	while (caller->first != NULL) {
		ssize_t sent = send(caller->fd, caller->first->bytes + caller->sent, caller->first->len - caller->sent,
				    MSG_NOSIGNAL);

		if (sent < 0)
			return is_passing(errno);
		caller->sent += (size_t)sent;
		if (caller->sent < caller->first->len)
			continue;
		drop_first(caller);
		caller->since_ms = now_ms;
	}
	return true;
}

bool caller_receive(struct caller *caller)
{
	ssize_t got;

	if (caller->has_ended || caller->got == sizeof(caller->in))
		return true;
	got = recv(caller->fd, caller->in + caller->got, sizeof(caller->in) - caller->got, 0);
	if (got < 0)
		return is_passing(errno);
	caller->has_ended = got == 0;
	caller->got += (size_t)got;
	return true;
}

size_t caller_peek(const struct caller *caller, const uint8_t **message)
{
	size_t len;

	if (caller->got < 2)
		return 0;
	len = get16(caller->in);
	if (len < DNS_HEADER || len > DNS_QUERY_MAX)
		return SIZE_MAX;
	*message = caller->in + 2;
	return caller->got - 2 >= len ? len : 0;
}

void caller_consume(struct caller *caller, size_t len, uint64_t now_ms)
{
	caller->got -= 2 + len;
	memmove(caller->in, caller->in + 2 + len, caller->got);
	caller->since_ms = now_ms;
}
