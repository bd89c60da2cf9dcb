/* SPDX-License-Identifier: BSD-2-Clause */
/* From addresses to names. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "resolver_env.h"

#define FLAGS (NI_NUMERICHOST | NI_NUMERICSERV | NI_NAMEREQD | NI_DGRAM | NI_NOFQDN)

static bool is_loopback(const struct dns_address *a)
{
	return a->is_v6 ? memcmp(a->bytes, &in6addr_loopback, 16) == 0 : a->bytes[0] == 127;
}

/* The name of @address, or why there is none. */
static int find_name(const struct dns_address *address, int flags, char name[DNS_TEXT_MAX])
{
	struct resolver resolver;

	if (flags & NI_NUMERICHOST)
		return EAI_NONAME;
	if (is_loopback(address)) {
		strcpy(name, "localhost");
		return 0;
	}
	if (!resolver_of_domain(&resolver, flags & NI_NAMEREQD))
		return EAI_AGAIN;
	return resolver_find_name(&resolver, address, name);
}

static int write_host(const struct dns_address *address, int flags, char *host, socklen_t room)
{
	char text[DNS_TEXT_MAX];
	int error = find_name(address, flags, text);

	if (error != 0 && (flags & NI_NAMEREQD))
		return error;
	if (error != 0)
		inet_ntop(address->is_v6 ? AF_INET6 : AF_INET, address->bytes, text, sizeof(text));
	if (strlen(text) >= room)
		return EAI_OVERFLOW;
	strcpy(host, text);
	return 0;
}

int getnameinfo(const struct sockaddr *address, socklen_t length, char *host, socklen_t host_length, char *service,
		socklen_t service_length, int flags)
{
	struct dns_address a = {.is_v6 = address->sa_family == AF_INET6};
	struct sockaddr_in6 in6 = {.sin6_port = 0};
	struct sockaddr_in in = {.sin_port = 0};
	int error = 0;

	if (flags & ~FLAGS)
		return EAI_BADFLAGS;
	if (length < (a.is_v6 ? sizeof(in6) : sizeof(in)) || (!a.is_v6 && address->sa_family != AF_INET))
		return EAI_FAMILY;
	if (a.is_v6)
		memcpy(&in6, address, sizeof(in6));
	else
		memcpy(&in, address, sizeof(in));
	memcpy(a.bytes, a.is_v6 ? (const void *)&in6.sin6_addr : (const void *)&in.sin_addr, a.is_v6 ? 16 : 4);
	if (host != NULL && host_length > 0)
		error = write_host(&a, flags, host, host_length);
	if (error == 0 && service != NULL && service_length > 0 &&
	    snprintf(service, service_length, "%u", ntohs(a.is_v6 ? in6.sin6_port : in.sin_port)) >=
		    (int)service_length)
		error = EAI_OVERFLOW;
	return error;
}
