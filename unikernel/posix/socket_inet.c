/* SPDX-License-Identifier: BSD-2-Clause */
/* Internet addresses as text. IPv4 in dotted quads; the older forms (octal, fewer parts) are refused everywhere. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

const struct in6_addr in6addr_any = IN6ADDR_ANY_INIT;
const struct in6_addr in6addr_loopback = IN6ADDR_LOOPBACK_INIT;

/* A decimal number of one to three digits up to 255, without a leading zero. NULL: it is none. */
static const char *octet(const char *text, unsigned char *out)
{
	unsigned value = 0, digits = 0;

	for (; *text >= '0' && *text <= '9'; text++) {
		if (digits++ > 0 && value == 0)
			return NULL;
		value = value * 10 + (unsigned)(*text - '0');
		if (value > 255)
			return NULL;
	}
	*out = (unsigned char)value;
	return digits > 0 ? text : NULL;
}

int inet_aton(const char *text, struct in_addr *address)
{
	unsigned char octets[4];

	for (unsigned i = 0; i < 4; i++) {
		text = octet(text, &octets[i]);
		if (text == NULL || *text != (i < 3 ? '.' : '\0'))
			return 0;
		text++;
	}
	memcpy(&address->s_addr, octets, sizeof(octets));
	return 1;
}

in_addr_t inet_addr(const char *text)
{
	struct in_addr address;

	return inet_aton(text, &address) ? address.s_addr : INADDR_NONE;
}

int inet_pton(int family, const char *text, void *address)
{
	struct in_addr in;

	if (family != AF_INET) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	if (!inet_aton(text, &in))
		return 0;
	memcpy(address, &in, sizeof(in));
	return 1;
}

const char *inet_ntop(int family, const void *address, char *text, socklen_t length)
{
	unsigned char o[4];
	int n;

	if (family != AF_INET) {
		errno = EAFNOSUPPORT;
		return NULL;
	}
	memcpy(o, address, sizeof(o));
	n = snprintf(text, length, "%u.%u.%u.%u", o[0], o[1], o[2], o[3]);
	if (n >= 0 && (socklen_t)n < length)
		return text;
	errno = ENOSPC;
	return NULL;
}

char *inet_ntoa(struct in_addr address)
{
	static char text[INET_ADDRSTRLEN];

	(void)inet_ntop(AF_INET, &address, text, sizeof(text));
	return text;
}
