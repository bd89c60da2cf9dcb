// SPDX-License-Identifier: BSD-2-Clause
/* Invariant: servers change only by a whole, good answer. */
#include "dhcp_names.h"

#include <string.h>

#include "dhcp_options.h"
#include "unikernel/core/dns_bytes.h"

#define ACK 5u
#define INFORM 8u
#define SERVER_PORT 67u

void dhcp_names_ask(struct dhcp_names *names, uint32_t xid, uint64_t now_ms, uint8_t bytes[DHCP_NAMES_ASK])
{
	static const uint8_t options[] = {OPTION_KIND, 1, INFORM, OPTION_WISHES, 1, OPTION_NAMES, OPTION_END};

	names->xid = xid;
	names->is_open = true;
	names->due_ms = now_ms + (names->count == 0 ? DHCP_NAMES_SOON_MS : DHCP_NAMES_LATER_MS);
	memset(bytes, 0, DHCP_NAMES_ASK);
	memcpy(bytes, (const uint8_t[]){1, 1, 6}, 3);
	put32(bytes + AT_XID, xid);
	put32(bytes + AT_CLIENT, names->address);
	put32(bytes + AT_COOKIE, DHCP_COOKIE);
	memcpy(bytes + AT_OPTIONS, options, sizeof(options));
}

/* What an answer says. */
struct told {
	bool is_ack;
	unsigned count;
	uint32_t servers[DHCP_NAMES_SERVERS];
};

static bool take_servers(const uint8_t *value, uint8_t len, struct told *told)
{
	if (len == 0 || len % 4 != 0 || told->count != 0)
		return false;
	for (; told->count < DHCP_NAMES_SERVERS && told->count * 4 < len; told->count++)
		told->servers[told->count] = get32(value + told->count * 4);
	return true;
}

static bool take_option(void *arg, uint8_t code, const uint8_t *value, uint8_t len)
{
	struct told *told = arg;

	if (code == OPTION_NAMES)
		return take_servers(value, len, told);
	if (code != OPTION_KIND)
		return true;
	told->is_ack = len == 1 && value[0] == ACK;
	return told->is_ack;
}

bool dhcp_names_hear(struct dhcp_names *names, uint32_t from, uint16_t port, const uint8_t *bytes, size_t len,
		     uint64_t now_ms)
{
	struct told told = {.count = 0};

	if (!names->is_open || from != names->router || port != SERVER_PORT || len <= AT_OPTIONS || bytes[0] != 2 ||
	    get32(bytes + AT_XID) != names->xid || !dhcp_options_read(bytes, len, take_option, &told) || !told.is_ack)
		return false;
	names->is_open = false;
	if (told.count == 0)
		return false;
	names->due_ms = now_ms + DHCP_NAMES_LATER_MS;
	if (told.count == names->count && memcmp(told.servers, names->servers, sizeof(told.servers)) == 0)
		return false;
	names->count = told.count;
	memcpy(names->servers, told.servers, sizeof(told.servers));
	return true;
}
