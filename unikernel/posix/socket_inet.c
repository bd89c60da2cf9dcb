/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Internet addresses as text. IPv4 in dotted quads; the older forms (octal, fewer parts) are refused everywhere. IPv6 is read
 * as RFC 4291 section 2.2 has it, and written as RFC 5952 does: lower case, the longest run of zeros as "::".
 */
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

/* What the hexadecimal digit @c is worth; -1: it is none. */
static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
		return (c | 0x20) - 'a' + 10;
	return -1;
}

/* A group of one to four hexadecimal digits. NULL: it is none. */
static const char *group(const char *text, unsigned *out)
{
	unsigned count = 0;

	for (*out = 0; count < 4 && digit_of(*text) >= 0; text++, count++)
		*out = *out * 16 + (unsigned)digit_of(*text);
	return count > 0 ? text : NULL;
}

/*
 * Groups, separated by colons, from @text on into @out of @room bytes, the last two perhaps as a dotted quad, up to "::" or
 * the end. Where it stopped; *@count gets the bytes. NULL: malformed.
 */
static const char *groups(const char *text, unsigned char *out, unsigned room, unsigned *count)
{
	struct in_addr quad;
	unsigned value;

	for (*count = 0; *text != '\0' && !(text[0] == ':' && text[1] == ':');) {
		const char *end;

		if (*count > 0 && *text++ != ':')
			return NULL;
		if (room - *count >= 4 && inet_aton(text, &quad)) {
			memcpy(out + *count, &quad, 4);
			*count += 4;
			return text + strlen(text);
		}
		end = group(text, &value);
		if (end == NULL || room - *count < 2)
			return NULL;
		out[(*count)++] = (unsigned char)(value >> 8);
		out[(*count)++] = (unsigned char)value;
		text = end;
	}
	return text;
}

static int pton6(const char *text, unsigned char *out)
{
	unsigned char tail[16];
	unsigned head_bytes, tail_bytes;

	memset(out, 0, 16);
	text = groups(text, out, 16, &head_bytes);
	if (text == NULL)
		return 0;
	if (*text == '\0')
		return head_bytes == 16;
	text = groups(text + 2, tail, 16, &tail_bytes);
	/* "::" stands for one group of zeros at least */
	if (text == NULL || *text != '\0' || head_bytes + tail_bytes > 14)
		return 0;
	memset(out + head_bytes, 0, 16 - head_bytes);
	memcpy(out + 16 - tail_bytes, tail, tail_bytes);
	return 1;
}

int inet_pton(int family, const char *text, void *address)
{
	_Alignas(struct in_addr) unsigned char bytes[16];
	int good;

	if (family != AF_INET && family != AF_INET6) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	good = family == AF_INET ? inet_aton(text, (struct in_addr *)(void *)bytes) : pton6(text, bytes);
	if (good)
		memcpy(address, bytes, family == AF_INET ? 4 : 16);
	return good;
}

/* The first of the longest run of zero groups, two at least, and its length; 0: there is none. */
static unsigned longest_run(const unsigned char *a, unsigned *first)
{
	unsigned best = 0, run = 0;

	for (unsigned i = 0; i < 8; i++) {
		run = a[2 * i] || a[2 * i + 1] ? 0 : run + 1;
		if (run > best) {
			best = run;
			*first = i + 1 - run;
		}
	}
	return best >= 2 ? best : 0;
}

static void ntop6(const unsigned char *a, char text[INET6_ADDRSTRLEN])
{
	static const unsigned char v4[12] = {[10] = 0xff, [11] = 0xff};
	unsigned first = 0, run = longest_run(a, &first);
	int at = 0;

	if (memcmp(a, v4, sizeof(v4)) == 0) {
		(void)snprintf(text, INET6_ADDRSTRLEN, "::ffff:%u.%u.%u.%u", a[12], a[13], a[14], a[15]);
		return;
	}
	for (unsigned i = 0; i < 8; i++) {
		if (run > 0 && i == first) {
			at += snprintf(text + at, (size_t)(INET6_ADDRSTRLEN - at), "::");
			i += run - 1;
			continue;
		}
		at += snprintf(text + at, (size_t)(INET6_ADDRSTRLEN - at), "%s%x",
			       i == 0 || (run > 0 && i == first + run) ? "" : ":",
			       (unsigned)(a[2 * i] << 8 | a[2 * i + 1]));
	}
}

const char *inet_ntop(int family, const void *address, char *text, socklen_t length)
{
	char whole[INET6_ADDRSTRLEN];
	unsigned char o[16];

	if (family != AF_INET && family != AF_INET6) {
		errno = EAFNOSUPPORT;
		return NULL;
	}
	memcpy(o, address, family == AF_INET ? 4 : 16);
	if (family == AF_INET)
		(void)snprintf(whole, sizeof(whole), "%u.%u.%u.%u", o[0], o[1], o[2], o[3]);
	else
		ntop6(o, whole);
	if (strlen(whole) >= length) {
		errno = ENOSPC;
		return NULL;
	}
	return strcpy(text, whole);
}

char *inet_ntoa(struct in_addr address)
{
	static char text[INET_ADDRSTRLEN];

	(void)inet_ntop(AF_INET, &address, text, sizeof(text));
	return text;
}
