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
	struct sockaddr_in address;
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

static int find_node(const char *node, int flags, struct in_addr *address)
{
	if (node == NULL) {
		address->s_addr = htonl(flags & AI_PASSIVE ? INADDR_ANY : INADDR_LOOPBACK);
		return 0;
	}
	if (inet_aton(node, address))
		return 0;
	if (!(flags & AI_NUMERICHOST) && strcmp(node, "localhost") == 0) {
		address->s_addr = htonl(INADDR_LOOPBACK);
		return 0;
	}
	return EAI_NONAME;
}

static struct addrinfo *new_entry(struct in_addr address, in_port_t port, int type)
{
	struct entry *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	e->address.sin_family = AF_INET;
	e->address.sin_port = port;
	e->address.sin_addr = address;
	e->info.ai_family = AF_INET;
	e->info.ai_socktype = type;
	e->info.ai_protocol = type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
	e->info.ai_addrlen = sizeof(e->address);
	e->info.ai_addr = (struct sockaddr *)&e->address;
	return &e->info;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result)
{
	static const struct addrinfo none;
	static const int types[2] = {SOCK_DGRAM, SOCK_STREAM};
	struct in_addr address;
	in_port_t port;
	int error;

	*result = NULL;
	if (hints == NULL)
		hints = &none;
	if (node == NULL && service == NULL)
		return EAI_NONAME;
	if (hints->ai_family != AF_UNSPEC && hints->ai_family != AF_INET)
		return EAI_FAMILY;
	if (hints->ai_socktype != 0 && hints->ai_socktype != SOCK_STREAM && hints->ai_socktype != SOCK_DGRAM)
		return EAI_SOCKTYPE;
	error = find_service(service, &port);
	if (error == 0)
		error = find_node(node, hints->ai_flags, &address);
	for (unsigned i = 0; i < 2 && error == 0; i++) {
		struct addrinfo *info;

		if (hints->ai_socktype != 0 && hints->ai_socktype != types[i])
			continue;
		info = new_entry(address, port, types[i]);
		if (info == NULL) {
			error = EAI_MEMORY;
		} else {
			info->ai_next = *result;
			*result = info;
		}
	}
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
	struct sockaddr_in in;

	if (length < sizeof(in) || address->sa_family != AF_INET)
		return EAI_FAMILY;
	memcpy(&in, address, sizeof(in));
	if (host != NULL && host_length > 0) {
		if (flags & NI_NAMEREQD)
			return EAI_NONAME;
		if (inet_ntop(AF_INET, &in.sin_addr, host, host_length) == NULL)
			return EAI_OVERFLOW;
	}
	if (service != NULL && service_length > 0 &&
	    snprintf(service, service_length, "%u", ntohs(in.sin_port)) >= (int)service_length)
		return EAI_OVERFLOW;
	return 0;
}
