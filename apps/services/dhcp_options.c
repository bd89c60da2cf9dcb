// SPDX-License-Identifier: BSD-2-Clause
/* Invariant: an option is read only where its length lies within the message. */
#include "dhcp_options.h"

#include "unikernel/core/dns_bytes.h"

bool dhcp_options_read(const uint8_t *bytes, size_t len, dhcp_option_take *take, void *arg)
{
	size_t at = AT_OPTIONS;

	if (len <= AT_OPTIONS || get32(bytes + AT_COOKIE) != DHCP_COOKIE)
		return false;
	while (at < len && bytes[at] != OPTION_END) {
		if (bytes[at] == OPTION_PAD) {
			at++;
			continue;
		}
		if (len - at < 2 || bytes[at + 1] > len - at - 2 || bytes[at] == OPTION_OVERLOAD ||
		    !take(arg, bytes[at], bytes + at + 2, bytes[at + 1]))
			return false;
		at += 2u + bytes[at + 1];
	}
	return at < len;
}
