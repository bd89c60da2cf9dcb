/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From names to addresses. Invariant: numbers, `localhost` and what is below it (RFC 6761) are known here; whoever wants
 * anything else has it asked of the domain's name servers.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "resolver_env.h"
#include "socket_route.h"

#define FLAGS (AI_PASSIVE | AI_CANONNAME | AI_NUMERICHOST | AI_V4MAPPED | AI_ALL | AI_ADDRCONFIG | AI_NUMERICSERV)
#define BOTH (RESOLVER_V4 | RESOLVER_V6)

/* An entry with the address that it points to. */
struct entry {
	struct addrinfo info; /* first: freed by its address */
	union {
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} address;
};

static const struct kind {
	int type, protocol;
} kinds[] = {{SOCK_STREAM, IPPROTO_TCP}, {SOCK_DGRAM, IPPROTO_UDP}};

static bool is_wanted(const struct kind *kind, const struct addrinfo *hints)
{
	return (hints->ai_socktype == 0 || hints->ai_socktype == kind->type) &&
	       (hints->ai_protocol == 0 || hints->ai_protocol == kind->protocol);
}

static int find_service(const char *service, int flags, in_port_t *port)
{
	char *end;
	long number;

	*port = 0;
	if (service == NULL)
		return 0;
	number = strtol(service, &end, 10);
	if (*service < '0' || *service > '9' || *end != '\0')
		return flags & AI_NUMERICSERV ? EAI_NONAME : EAI_SERVICE;
	if (number > 65535)
		return EAI_SERVICE;
	*port = htons((in_port_t)number);
	return 0;
}

static void add_address(struct resolver_found *found, bool is_v6, const void *bytes)
{
	struct dns_address *to = &found->addresses[found->count++];

	memset(to, 0, sizeof(*to));
	to->is_v6 = is_v6;
	memcpy(to->bytes, bytes, is_v6 ? 16 : 4);
}

/* What @node is without being asked for: nothing at all, a number, this domain. */
static void find_here(const char *node, int flags, struct resolver_found *found)
{
	bool is_any = node == NULL && (flags & AI_PASSIVE);
	struct in_addr v4 = {htonl(is_any ? INADDR_ANY : INADDR_LOOPBACK)};
	struct in6_addr v6 = is_any ? in6addr_any : in6addr_loopback;
	size_t len = node != NULL ? strlen(node) : 0, local = sizeof("localhost") - 1;

	if (node != NULL && inet_pton(AF_INET, node, &v4) == 1) {
		add_address(found, false, &v4);
		return;
	}
	if (node != NULL && inet_pton(AF_INET6, node, &v6) == 1) {
		add_address(found, true, &v6);
		return;
	}
	len -= len > 0 && node[len - 1] == '.';
	if (node != NULL &&
	    ((flags & AI_NUMERICHOST) || len < local || strncasecmp(node + len - local, "localhost", local) ||
	     (len > local && node[len - local - 1] != '.')))
		return;
	add_address(found, false, &v4);
	add_address(found, true, &v6);
}

/* The families of addresses to look for: those that @hints wants, and that the domain has if it wants that too. */
static unsigned families_of(const struct addrinfo *hints)
{
	unsigned families = hints->ai_family == AF_INET    ? RESOLVER_V4
			    : hints->ai_family == AF_INET6 ? RESOLVER_V6
							   : BOTH;

	if (hints->ai_family == AF_INET6 && (hints->ai_flags & AI_V4MAPPED))
		families = BOTH;
	if (hints->ai_flags & AI_ADDRCONFIG)
		families &= (sock_has_family(false) ? RESOLVER_V4 : 0) | (sock_has_family(true) ? RESOLVER_V6 : 0);
	return families;
}

/* Puts the addresses in the order in which they are to be tried. */
static void put_in_order(struct resolver_found *found)
{
	struct dns_target targets[2 * DNS_LOOKUP_ADDRESSES];

	for (unsigned i = 0; i < found->count; i++) {
		targets[i].to = found->addresses[i];
		sock_route(&targets[i]);
	}
	dns_order(targets, found->count);
	for (unsigned i = 0; i < found->count; i++)
		found->addresses[i] = targets[i].to;
}

static int ask(const char *node, const struct addrinfo *hints, struct resolver_found *found)
{
	unsigned families = families_of(hints);
	struct resolver resolver;
	int error;

	if (families == 0)
		return EAI_NONAME;
	if (!resolver_of_domain(&resolver, true))
		return EAI_AGAIN;
	error = resolver_find(&resolver, node, families, found);
	if (error == 0)
		put_in_order(found);
	return error;
}

/* Leaves the addresses that the family wanted can have: of IPv4 as mapped ones, where that is wanted. */
static void filter(const struct addrinfo *hints, struct resolver_found *found)
{
	static const uint8_t prefix[12] = {[10] = 0xff, 0xff};
	bool has_v6 = false, maps = hints->ai_family == AF_INET6 && (hints->ai_flags & AI_V4MAPPED);
	unsigned kept = 0;

	for (unsigned i = 0; i < found->count; i++)
		has_v6 |= found->addresses[i].is_v6;
	for (unsigned i = 0; i < found->count; i++) {
		struct dns_address a = found->addresses[i];

		if (maps && !a.is_v6 && (!has_v6 || (hints->ai_flags & AI_ALL))) {
			memmove(a.bytes + sizeof(prefix), a.bytes, 4);
			memcpy(a.bytes, prefix, sizeof(prefix));
			a.is_v6 = true;
		}
		if (hints->ai_family == AF_UNSPEC || (hints->ai_family == AF_INET6) == a.is_v6)
			found->addresses[kept++] = a;
	}
	found->count = kept;
}

static struct addrinfo *new_entry(const struct dns_address *a, in_port_t port, const struct kind *kind)
{
	struct entry *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	if (a->is_v6) {
		e->address.v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = port};
		memcpy(&e->address.v6.sin6_addr, a->bytes, 16);
	} else {
		e->address.v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = port};
		memcpy(&e->address.v4.sin_addr, a->bytes, 4);
	}
	e->info.ai_family = a->is_v6 ? AF_INET6 : AF_INET;
	e->info.ai_socktype = kind->type;
	e->info.ai_protocol = kind->protocol;
	e->info.ai_addrlen = a->is_v6 ? sizeof(e->address.v6) : sizeof(e->address.v4);
	e->info.ai_addr = (struct sockaddr *)&e->address;
	return &e->info;
}

/* An entry for each address and kind of socket that is wanted; *@list gets what there is even in case of an error. */
static int make_list(const struct resolver_found *found, in_port_t port, const struct addrinfo *hints,
		     struct addrinfo **list)
{
	struct addrinfo **end = list;

	for (unsigned i = 0; i < found->count; i++)
		for (unsigned k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
			if (!is_wanted(&kinds[k], hints))
				continue;
			*end = new_entry(&found->addresses[i], port, &kinds[k]);
			if (*end == NULL)
				return EAI_MEMORY;
			end = &(*end)->ai_next;
		}
	if (*list == NULL)
		return EAI_NONAME;
	if (hints->ai_flags & AI_CANONNAME)
		(*list)->ai_canonname = strdup(found->name);
	return (hints->ai_flags & AI_CANONNAME) && (*list)->ai_canonname == NULL ? EAI_MEMORY : 0;
}

static int find_node(const char *node, const struct addrinfo *hints, struct resolver_found *found)
{
	int error = 0;

	found->count = 0;
	found->name[0] = '\0';
	find_here(node, hints->ai_flags, found);
	if (found->count == 0)
		error = hints->ai_flags & AI_NUMERICHOST ? EAI_NONAME : ask(node, hints, found);
	if (error != 0)
		return error;
	if (found->name[0] == '\0' && node != NULL)
		strncat(found->name, node, sizeof(found->name) - 1);
	filter(hints, found);
	return 0;
}

static int check(const char *node, const char *service, const struct addrinfo *hints)
{
	if (hints->ai_flags & ~FLAGS || ((hints->ai_flags & AI_CANONNAME) && node == NULL))
		return EAI_BADFLAGS;
	if (node == NULL && service == NULL)
		return EAI_NONAME;
	if (hints->ai_family != AF_UNSPEC && hints->ai_family != AF_INET && hints->ai_family != AF_INET6)
		return EAI_FAMILY;
	return is_wanted(&kinds[0], hints) || is_wanted(&kinds[1], hints) ? 0 : EAI_SOCKTYPE;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result)
{
	static const struct addrinfo none;
	struct resolver_found found;
	in_port_t port;
	int error;

	*result = NULL;
	if (hints == NULL)
		hints = &none;
	error = check(node, service, hints);
	if (error == 0)
		error = find_service(service, hints->ai_flags, &port);
	if (error == 0)
		error = find_node(node, hints, &found);
	if (error == 0)
		error = make_list(&found, port, hints, result);
	if (error == 0)
		return 0;
	freeaddrinfo(*result);
	*result = NULL;
	return error;
}

void freeaddrinfo(struct addrinfo *list)
{
	while (list != NULL) {
		struct addrinfo *next = list->ai_next;

		free(list->ai_canonname);
		free(list);
		list = next;
	}
}

const char *gai_strerror(int error)
{
	switch (error) {
	case 0: return "no error";
	case EAI_BADFLAGS: return "flags that do not exist or do not fit";
	case EAI_NONAME: return "no such name, or nothing of the kind wanted";
	case EAI_AGAIN: return "no name server answers, or none is known: try later, or set RESOLVER";
	case EAI_FAIL: return "the name servers do not want to answer";
	case EAI_FAMILY: return "address family not supported";
	case EAI_SOCKTYPE: return "socket type not supported";
	case EAI_SERVICE: return "service unknown: give a port number";
	case EAI_MEMORY: return "out of memory";
	case EAI_OVERFLOW: return "buffer too small";
	default: return "name resolution failed";
	}
}
