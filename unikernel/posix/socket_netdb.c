/* SPDX-License-Identifier: BSD-2-Clause */
/* Names, as far as they need no resolver: numbers, and `localhost`. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An entry with the address that it points to. */
struct entry {
	struct addrinfo info; /* first: freed by its address */
	union {
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} address;
};

/* A node, of one family. */
struct node {
	int family;
	struct in_addr v4;
	struct in6_addr v6;
};

static int find_service(const char *service, in_port_t *port)
{
	char *end;
	long number;

	*port = 0;
	if (service == NULL)
		return 0;
	number = strtol(service, &end, 10);
	if (*service == '\0' || *end != '\0')
		return EAI_SERVICE;
	if (number < 0 || number > 65535)
		return EAI_SERVICE;
	*port = htons((in_port_t)number);
	return 0;
}

/* The address that @node is in @family. EAI_NONAME: none. */
static int find_node(const char *node, int flags, int family, struct node *out)
{
	bool is_v6 = family == AF_INET6;

	*out = (struct node){.family = family};
	if (node == NULL) {
		out->v4.s_addr = htonl(flags & AI_PASSIVE ? INADDR_ANY : INADDR_LOOPBACK);
		out->v6 = flags & AI_PASSIVE ? in6addr_any : in6addr_loopback;
		return 0;
	}
	if (inet_pton(family, node, is_v6 ? (void *)&out->v6 : (void *)&out->v4) == 1)
		return 0;
	if (!(flags & AI_NUMERICHOST) && strcmp(node, "localhost") == 0) {
		out->v4.s_addr = htonl(INADDR_LOOPBACK);
		out->v6 = in6addr_loopback;
		return 0;
	}
	return EAI_NONAME;
}

static struct addrinfo *new_entry(const struct node *node, in_port_t port, int type)
{
	struct entry *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	if (node->family == AF_INET6)
		e->address.v6 = (struct sockaddr_in6){
			.sin6_family = AF_INET6, .sin6_port = port, .sin6_addr = node->v6};
	else
		e->address.v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = port, .sin_addr = node->v4};
	e->info.ai_family = node->family;
	e->info.ai_socktype = type;
	e->info.ai_protocol = type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
	e->info.ai_addrlen = node->family == AF_INET6 ? sizeof(e->address.v6) : sizeof(e->address.v4);
	e->info.ai_addr = (struct sockaddr *)&e->address;
	return &e->info;
}

/* Puts entries for @node in front of *@list. */
static int add_entries(const struct node *node, in_port_t port, int wanted, struct addrinfo **list)
{
	static const int types[2] = {SOCK_DGRAM, SOCK_STREAM};

	for (unsigned i = 0; i < 2; i++) {
		struct addrinfo *info;

		if (wanted != 0 && wanted != types[i])
			continue;
		info = new_entry(node, port, types[i]);
		if (info == NULL)
			return EAI_MEMORY;
		info->ai_next = *list;
		*list = info;
	}
	return 0;
}

/* As getaddrinfo(), for arguments that make sense; *@result gets what there is even in case of an error. */
static int find_all(const char *node, in_port_t port, const struct addrinfo *hints, struct addrinfo **result)
{
	static const int families[2] = {AF_INET6, AF_INET};
	bool found = false;

	for (unsigned i = 0; i < 2; i++) {
		struct node n;

		if (hints->ai_family != AF_UNSPEC && hints->ai_family != families[i])
			continue;
		if (find_node(node, hints->ai_flags, families[i], &n) != 0)
			continue;
		found = true;
		if (add_entries(&n, port, hints->ai_socktype, result) != 0)
			return EAI_MEMORY;
	}
	return found ? 0 : EAI_NONAME;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result)
{
	static const struct addrinfo none;
	in_port_t port;
	int error;

	*result = NULL;
	if (hints == NULL)
		hints = &none;
	if (node == NULL && service == NULL)
		return EAI_NONAME;
	if (hints->ai_family != AF_UNSPEC && hints->ai_family != AF_INET && hints->ai_family != AF_INET6)
		return EAI_FAMILY;
	if (hints->ai_socktype != 0 && hints->ai_socktype != SOCK_STREAM && hints->ai_socktype != SOCK_DGRAM)
		return EAI_SOCKTYPE;
	error = find_service(service, &port);
	if (error == 0)
		error = find_all(node, port, hints, result);
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

		free(list);
		list = next;
	}
}

const char *gai_strerror(int error)
{
	switch (error) {
	case 0: return "no error";
	case EAI_NONAME: return "name unknown: there is no resolver here";
	case EAI_SERVICE: return "service unknown: give a port number";
	case EAI_FAMILY: return "address family not supported";
	case EAI_SOCKTYPE: return "socket type not supported";
	case EAI_MEMORY: return "out of memory";
	case EAI_OVERFLOW: return "buffer too small";
	default: return "name resolution failed";
	}
}

int getnameinfo(const struct sockaddr *address, socklen_t length, char *host, socklen_t host_length, char *service,
		socklen_t service_length, int flags)
{
	struct sockaddr_in6 in6 = {.sin6_port = 0};
	struct sockaddr_in in = {.sin_port = 0};
	bool is_v6 = length >= sizeof(in6) && address->sa_family == AF_INET6;

	if (!is_v6 && (length < sizeof(in) || address->sa_family != AF_INET))
		return EAI_FAMILY;
	if (is_v6)
		memcpy(&in6, address, sizeof(in6));
	else
		memcpy(&in, address, sizeof(in));
	if (host != NULL && host_length > 0) {
		if (flags & NI_NAMEREQD)
			return EAI_NONAME;
		if (inet_ntop(is_v6 ? AF_INET6 : AF_INET,
			      is_v6 ? (const void *)&in6.sin6_addr : (const void *)&in.sin_addr, host,
			      host_length) == NULL)
			return EAI_OVERFLOW;
	}
	if (service != NULL && service_length > 0 &&
	    snprintf(service, service_length, "%u", ntohs(is_v6 ? in6.sin6_port : in.sin_port)) >= (int)service_length)
		return EAI_OVERFLOW;
	return 0;
}
