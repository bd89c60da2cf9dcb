// SPDX-License-Identifier: BSD-2-Clause
/*
 * How the services domain learns the name servers that the uplink was told.
 *
 * links: apps/services/dhcp_names.c apps/services/dhcp_options.c
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "apps/services/dhcp_names.h"
#include "net_bytes.h"

#define OWN 0x0a010302u
#define ROUTER 0x0a010301u
#define XID 0x5eed0001u

static struct dhcp_names names;
static uint8_t question[DHCP_NAMES_ASK], bytes[400];
static uint32_t options, from;
static uint16_t port;

static void option(uint8_t code, uint8_t len, const void *value)
{
	bytes[options] = code;
	bytes[options + 1] = len;
	memcpy(bytes + options + 2, value, len);
	options += 2u + len;
	bytes[options] = 255;
}

static void answer_make(void)
{
	memset(bytes, 0, sizeof bytes);
	memcpy(bytes, (uint8_t[]){2, 1, 6}, 3);
	put32(bytes + 4, names.xid);
	put32(bytes + 236, 0x63825363);
	options = 240;
	option(53, 1, "\5");
	from = ROUTER;
	port = 67;
}

static bool hear(uint32_t len)
{
	uint8_t *exact = malloc(len + 1) /* the sanitizer watches its end */;
	bool changed;

	memcpy(exact + 1, bytes, len);
	changed = dhcp_names_hear(&names, from, port, exact + 1, len, 1000);
	free(exact);
	return changed;
}

static void setup(void)
{
	names = (struct dhcp_names){.is_wanted = true, .address = OWN, .router = ROUTER};
	dhcp_names_ask(&names, XID, 1000, question);
	answer_make();
}

TestSuite(dhcp_names, .init = setup);

Test(dhcp_names, the_question_says_who_asks_and_is_asked_again)
{
	cr_assert(question[0] == 1 && get32(question + 4) == XID && get32(question + 12) == OWN);
	cr_assert(get32(question + 236) == 0x63825363 && !memcmp(question + 240, "\x35\1\10\x37\1\6\xff", 7));
	cr_assert_eq(names.due_ms, 1000 + DHCP_NAMES_SOON_MS);
	option(6, 4, "\x09\x09\x09\x09");
	cr_assert(hear(options + 1));
	cr_assert_eq(names.due_ms, 1000 + DHCP_NAMES_LATER_MS);
}

Test(dhcp_names, servers_are_taken_once_and_when_they_change)
{
	option(6, 16, "\x09\x09\x09\x09\1\1\1\1\2\2\2\2\3\3\3\3");
	cr_assert(hear(options + 1) && names.count == 3 && names.servers[0] == 0x09090909);
	cr_assert(names.servers[2] == 0x02020202);
	bytes[245] ^= 1;
	cr_assert(!hear(options + 1), "nobody has asked again");
	dhcp_names_ask(&names, XID + 1, 2000, question);
	answer_make();
	option(6, 12, "\x09\x09\x09\x09\1\1\1\1\2\2\2\2");
	cr_assert(!hear(options + 1), "nothing new");
	dhcp_names_ask(&names, XID + 2, 3000, question);
	answer_make();
	option(6, 4, "\1\1\1\1");
	cr_assert(hear(options + 1) && names.count == 1 && names.servers[0] == 0x01010101);
	dhcp_names_ask(&names, XID + 3, 4000, question);
	answer_make();
	cr_assert(!hear(options + 1) && names.count == 1, "the lease has ended");
}

/* @change makes a good answer one that is not believed. */
#define UNHEARD(name, change)                                                                                          \
	Test(dhcp_names, an_answer_##name##_is_not_believed)                                                           \
	{                                                                                                              \
		uint32_t len;                                                                                          \
		option(6, 4, "\x09\x09\x09\x09");                                                                      \
		len = options + 1;                                                                                     \
		change;                                                                                                \
		cr_assert(!hear(len) && names.count == 0);                                                             \
		setup();                                                                                               \
		option(6, 4, "\x09\x09\x09\x09");                                                                      \
		cr_assert(hear(options + 1));                                                                          \
	}

UNHEARD(from_somebody_else, from = OWN)
UNHEARD(from_another_port, port = 68)
UNHEARD(to_another_question, put32(bytes + 4, XID + 1))
UNHEARD(without_a_cookie, bytes[236] ^= 1)
UNHEARD(that_is_a_question, bytes[0] = 1)
UNHEARD(that_refuses, bytes[242] = 6)
UNHEARD(without_a_type, bytes[240] = 99)
UNHEARD(with_a_long_address, options -= 6; option(6, 5, "\1\1\1\1\1"); len = options + 1)
UNHEARD(with_no_address, options -= 6; option(6, 0, ""); len = options + 1)
UNHEARD(with_two_lists, option(6, 4, "\1\1\1\1"); len = options + 1)
UNHEARD(with_options_elsewhere, option(52, 1, "\1"); len = options + 1)
UNHEARD(that_does_not_end, len--)
UNHEARD(cut_in_an_option, len -= 2)
UNHEARD(cut_behind_a_code, len -= 5)
UNHEARD(without_options, len = 240)
UNHEARD(of_no_bytes, len = 0)
