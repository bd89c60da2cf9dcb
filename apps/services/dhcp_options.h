/* SPDX-License-Identifier: BSD-2-Clause */
/* Where things stand in a message of DHCP (RFC 2131 section 2), and its options (RFC 2132, 3046). Not for others than dhcp_*.c. */
#ifndef SERVICES_DHCP_OPTIONS_H
#define SERVICES_DHCP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DHCP_COOKIE 0x63825363u

enum {
	OPTION_PAD = 0,
	OPTION_MASK = 1,
	OPTION_ROUTER = 3,
	OPTION_NAMES = 6,
	OPTION_HOST = 12,
	OPTION_SUFFIX = 15,
	OPTION_MTU = 26,
	OPTION_WANTED = 50,
	OPTION_LEASE = 51,
	OPTION_OVERLOAD = 52,
	OPTION_KIND = 53,
	OPTION_SERVER = 54,
	OPTION_WISHES = 55,
	OPTION_RENEW = 58,
	OPTION_REBIND = 59,
	OPTION_CLIENT_ID = 61,
	OPTION_AGENT = 82,
	OPTION_END = 255,
};

/* Places in a message. */
enum {
	AT_XID = 4,
	AT_FLAGS = 10,
	AT_CLIENT = 12,
	AT_YOURS = 16,
	AT_RELAY = 24,
	AT_STATION = 28,
	AT_COOKIE = 236,
	AT_OPTIONS = 240,
};

/* Takes option @code with the @len bytes at @value. False: it makes the message none. */
typedef bool dhcp_option_take(void *arg, uint8_t code, const uint8_t *value, uint8_t len);

/*
 * Has @take take each option of the message of @len bytes at @bytes in turn. False: @take has refused one, one reaches beyond the
 * message, options stand elsewhere too (option 52), there is no end mark, or it is no message of DHCP.
 */
bool dhcp_options_read(const uint8_t *bytes, size_t len, dhcp_option_take *take, void *arg);

#endif
