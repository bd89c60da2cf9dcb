/* SPDX-License-Identifier: BSD-2-Clause */
/* A socket that asks one upstream server one question. */
#ifndef SERVICES_ASKER_H
#define SERVICES_ASKER_H

#include "dns_server.h"

struct asker {
	int fd; /* -1: none */
	bool by_tcp;
	struct dns_endpoint to;
	size_t sent, len; /* of the question, with its length before it */
	size_t got;       /* of the answer, likewise */
	uint8_t question[2 + DNS_QUERY_MAX];
	uint8_t *answer; /* allocated: room for what may come */
};

enum asker_state { ASKER_WAITS, ASKER_HAS_MESSAGE, ASKER_IS_BROKEN };

/* Asks, from a port chosen at random. False: it cannot be done; there is no socket then. */
bool asker_start(struct asker *asker, const struct dns_endpoint *to, bool by_tcp, const uint8_t *question, size_t len);
void asker_stop(struct asker *asker);

/* What poll is to look for. */
short asker_events(const struct asker *asker);

/* Moves bytes. A message: *@message, *@len, and where it came from. */
enum asker_state asker_serve(struct asker *asker, const uint8_t **message, size_t *len, struct dns_endpoint *from);

#endif
