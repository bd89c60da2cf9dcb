// SPDX-License-Identifier: BSD-2-Clause
/*
 * The DHCP server for the domains inside: what it says to each kind of question, and to those that are none.
 *
 * links: apps/services/dhcp_server.c apps/services/dhcp_query.c apps/services/dhcp_options.c
 */
#include <criterion/criterion.h>
#include <string.h>

#include "apps/services/dhcp_server.h"
#include "net_bytes.h"

#define OWN 0x0a010302u
#define WEB 0x0a010102u /* of the link whose router is RELAY */
#define RELAY 0x0a010101u
#define OTHER 0x0a010212u
#define ALIEN 0x0a010999u

enum { DISCOVER = 1, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM };

static struct {
	struct dhcp_server server;
	struct dhcp_result result;
	uint8_t bytes[1400];
	uint32_t options, len, from;
	uint16_t port;
	uint64_t now;
} t;

static void setup(void)
{
	memset(&t, 0, sizeof t);
	t.server = (struct dhcp_server){.address = OWN, .seconds = 1000, .suffix = "cambium.internal"};
	cr_assert(dhcp_server_add(&t.server, "web1", 4,
				  &(struct dhcp_link){.address = WEB, .gateway = RELAY, .prefix = 24, .mtu = 1500}));
	cr_assert(dhcp_server_add(
		&t.server, "db", 2,
		&(struct dhcp_link){.address = OTHER, .gateway = OTHER - 1, .prefix = 28, .mtu = 9000}));
}

TestSuite(dhcp_server, .init = setup);

static void option(uint8_t code, uint8_t len, const void *value)
{
	t.bytes[t.options] = code;
	t.bytes[t.options + 1] = len;
	memcpy(t.bytes + t.options + 2, value, len);
	t.options += 2u + len;
	t.bytes[t.options] = 255;
	t.len = t.options + 1;
}

static void address_option(uint8_t code, uint32_t address)
{
	uint8_t value[4];

	put32(value, address);
	if (address)
		option(code, 4, value);
}

/* A question of @type that was relayed for web1, which has @client, wants @wanted of the server @server. */
static void question(uint8_t type, uint32_t client, uint32_t wanted, uint32_t server)
{
	memset(t.bytes, 0, sizeof t.bytes);
	memcpy(t.bytes, (uint8_t[]){1, 1, 6, 1}, 4);
	put32(t.bytes + 4, 0xcafe0001);
	put32(t.bytes + 12, client);
	put32(t.bytes + 24, RELAY);
	memcpy(t.bytes + 28, "\2\0\0\0\1\2", 6);
	put32(t.bytes + 236, 0x63825363);
	t.options = 240;
	option(53, 1, &type);
	address_option(50, wanted);
	address_option(54, server);
	option(82, 3, "\1\1\1");
	t.from = RELAY;
	t.port = 67;
	t.now += 2 * DHCP_LINE_MS;
}

static void take(void)
{
	uint8_t *exact = malloc(t.len + 1) /* the sanitizer watches its end */;

	memcpy(exact + 1, t.bytes, t.len);
	memset(&t.result, 0xa5, sizeof t.result);
	dhcp_server_take(&t.server, t.from, t.port, exact + 1, t.len, t.now, &t.result);
	free(exact);
}

/* The option @code of the answer, its length byte first; NULL: there is none. */
static const uint8_t *answered(uint8_t code)
{
	const uint8_t *at = t.result.bytes + 240, *found = NULL;

	for (; *at != 255; at += *at ? at[1] + 2u : 1) {
		cr_assert(at < t.result.bytes + t.result.len);
		if (*at != code)
			continue;
		cr_assert_null(found, "option %u twice", code);
		found = at + 1;
	}
	return found;
}

static uint32_t number(uint8_t code)
{
	const uint8_t *o = answered(code);

	cr_assert(o && o[0] == 4, "option %u", code);
	return get32(o + 1);
}

static unsigned answer_type(void)
{
	return t.result.len ? answered(53)[1] : 0;
}

Test(dhcp_server, an_offer_has_all_that_the_plan_says_of_the_link)
{
	const uint8_t *a = t.result.bytes;

	question(DISCOVER, 0, 0, 0);
	t.bytes[10] = 0x80;
	option(61, 7, "\1\2\0\0\0\1\2");
	take();
	cr_assert(answer_type() == OFFER && t.result.len >= 300 && t.result.event == DHCP_EVENT_NONE);
	cr_assert(a[0] == 2 && a[1] == 1 && a[2] == 6 && get32(a + 4) == 0xcafe0001 && a[10] == 0x80);
	cr_assert(get32(a + 12) == 0 && get32(a + 16) == WEB && get32(a + 24) == RELAY);
	cr_assert(!memcmp(a + 28, t.bytes + 28, 16) && get32(a + 236) == 0x63825363);
	cr_assert(number(1) == 0xffffff00 && number(3) == RELAY && number(6) == OWN && number(54) == OWN);
	cr_assert(number(51) == 1000 && number(58) == 500 && number(59) == 875);
	cr_assert(!memcmp(answered(26), "\2\x05\xdc", 3) && !memcmp(answered(12), "\4web1", 5));
	cr_assert(!memcmp(answered(15),
			  "\x10"
			  "cambium.internal",
			  17));
	cr_assert(!memcmp(answered(61), "\7\1\2\0\0\0\1\2", 8) && !memcmp(answered(82), "\3\1\1\1", 4));
}

/* RFC 2131 section 4.3.2 and its table 4, and all that fits none of its rows. */
Test(dhcp_server, a_request_is_answered_as_the_clients_state_has_it)
{
	static const struct {
		uint32_t client, wanted, server;
		unsigned type;
		enum dhcp_event event;
	} rows[] = {
		{0, WEB, OWN, ACK, DHCP_EVENT_LEASED},    /* SELECTING */
		{0, OTHER, OWN, NAK, DHCP_EVENT_REFUSED}, /* another's */
		{0, WEB, ALIEN, 0, DHCP_EVENT_NONE},      /* another server was chosen */
		{0, 0, OWN, 0, DHCP_EVENT_NONE},          /* nothing wanted */
		{WEB, WEB, OWN, 0, DHCP_EVENT_NONE},      /* who selects has none */
		{0, WEB, 0, ACK, DHCP_EVENT_LEASED},      /* INIT-REBOOT */
		{0, ALIEN, 0, NAK, DHCP_EVENT_REFUSED},   /* of another network */
		{WEB, WEB, 0, 0, DHCP_EVENT_NONE},        /* neither the one nor the other */
		{WEB, 0, 0, ACK, DHCP_EVENT_EXTENDED},    /* RENEWING, REBINDING */
		{OTHER, 0, 0, NAK, DHCP_EVENT_REFUSED},   /* another's */
		{0, 0, 0, 0, DHCP_EVENT_NONE},
	};

	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		question(REQUEST, rows[i].client, rows[i].wanted, rows[i].server);
		take();
		cr_assert_eq(answer_type(), rows[i].type, "row %u: %u", i, answer_type());
		cr_assert_eq(t.result.event, rows[i].event, "row %u", i);
		if (rows[i].type == ACK) {
			cr_assert(get32(t.result.bytes + 16) == WEB && get32(t.result.bytes + 12) == rows[i].client);
			cr_assert(number(51) == 1000 && number(1) == 0xffffff00);
		}
		if (rows[i].type == NAK) {
			cr_assert(!get32(t.result.bytes + 16) && !get32(t.result.bytes + 12));
			cr_assert(!answered(51) && !answered(1) && number(54) == OWN && t.result.bytes[10] == 0x80);
			cr_assert(!memcmp(answered(82), "\3\1\1\1", 4));
		}
	}
}

Test(dhcp_server, who_has_an_address_and_asks_for_the_rest_is_told_that_without_a_lease)
{
	question(INFORM, WEB, 0, 0);
	take();
	cr_assert(answer_type() == ACK && get32(t.result.bytes + 16) == 0 && get32(t.result.bytes + 12) == WEB);
	cr_assert(!answered(51) && !answered(58) && !answered(59) && number(6) == OWN && number(3) == RELAY);
	question(INFORM, OTHER, 0, 0);
	take();
	cr_assert_eq(answer_type(), 0);
}

Test(dhcp_server, what_is_given_back_or_taken_by_somebody_is_told_and_not_answered)
{
	question(RELEASE, WEB, 0, OWN);
	take();
	cr_assert(answer_type() == 0 && t.result.event == DHCP_EVENT_RELEASED);
	cr_assert_str_eq(t.result.link->name, "web1");
	question(DECLINE, 0, WEB, OWN);
	take();
	cr_assert(answer_type() == 0 && t.result.event == DHCP_EVENT_DECLINED);
	question(RELEASE, OTHER, 0, OWN);
	take();
	cr_assert(answer_type() == 0 && t.result.event == DHCP_EVENT_NONE);
	question(DECLINE, 0, OTHER, OWN);
	take();
	cr_assert(answer_type() == 0 && t.result.event == DHCP_EVENT_NONE);
	question(DECLINE, 0, WEB, ALIEN);
	take();
	cr_assert(answer_type() == 0 && t.result.event == DHCP_EVENT_NONE);
}

Test(dhcp_server, lines_about_a_link_are_rationed)
{
	unsigned lines = 0;

	for (unsigned i = 0; i < 1000; i++) {
		question(REQUEST, WEB, 0, 0);
		t.now = i * 10;
		take();
		cr_assert_eq(answer_type(), ACK);
		lines += t.result.event != DHCP_EVENT_NONE;
	}
	cr_assert_eq(lines, 10000 / DHCP_LINE_MS);
}

/* @change makes a good question one that is not answered. */
#define UNHEARD(name, change)                                                                                          \
	Test(dhcp_server, a_question_##name##_is_not_answered)                                                         \
	{                                                                                                              \
		question(REQUEST, 0, WEB, OWN);                                                                        \
		take();                                                                                                \
		cr_assert_eq(answer_type(), ACK);                                                                      \
		question(REQUEST, 0, WEB, OWN);                                                                        \
		change;                                                                                                \
		take();                                                                                                \
		cr_assert(t.result.len == 0 && t.result.event == DHCP_EVENT_NONE);                                     \
	}

UNHEARD(that_nobody_relayed, put32(t.bytes + 24, 0); t.from = 0)
UNHEARD(relayed_by_somebody_else, t.from = WEB)
UNHEARD(of_a_link_that_is_not_known, put32(t.bytes + 24, ALIEN); t.from = ALIEN)
UNHEARD(from_another_port, t.port = 68)
UNHEARD(that_is_an_answer, t.bytes[0] = 2)
UNHEARD(of_another_kind_of_link, t.bytes[1] = 6)
UNHEARD(with_a_long_station, t.bytes[2] = 16)
UNHEARD(without_a_cookie, t.bytes[238] ^= 1)
UNHEARD(of_a_servers_type, t.bytes[242] = ACK)
UNHEARD(of_no_type, t.bytes[242] = 0)
UNHEARD(of_an_unknown_type, t.bytes[242] = 9)
UNHEARD(with_a_long_type, t.bytes[240] = 99; option(53, 2, "\3"))
UNHEARD(without_a_type, t.bytes[240] = 56)
UNHEARD(with_two_types, option(53, 1, "\3"))
UNHEARD(with_two_addresses, address_option(50, WEB))
UNHEARD(with_two_servers, address_option(54, OWN))
UNHEARD(with_two_circuits, option(82, 3, "\1\1\1"))
UNHEARD(with_two_names_of_itself, option(61, 2, "\1\1"); option(61, 2, "\1\1"))
UNHEARD(with_a_long_address, question(REQUEST, 0, 0, OWN); option(50, 5, "\x0a\1\1\2"))
UNHEARD(with_a_long_name_of_itself, option(61, 65, t.bytes))
UNHEARD(with_an_empty_name_of_itself, option(61, 0, ""))
UNHEARD(with_a_long_circuit, t.bytes[t.options - 5] = 99; option(82, 33, t.bytes))
UNHEARD(with_options_elsewhere, option(52, 1, "\1"))
UNHEARD(whose_options_do_not_end, t.len = t.options)
UNHEARD(cut_in_an_option, t.len = t.options - 1)
UNHEARD(cut_behind_a_code, t.len = t.options - 4)
UNHEARD(without_options, t.len = 240)
UNHEARD(without_a_header, t.len = 3)
UNHEARD(of_no_bytes, t.len = 0)

Test(dhcp_server, the_longest_answer_is_one_that_any_client_takes)
{
	static char suffix[DHCP_SUFFIX_MAX + 2];
	uint8_t id[64] = {1};

	memset(suffix, 'a', DHCP_SUFFIX_MAX);
	t.server.suffix = suffix;
	memcpy(t.server.links[0].name, "a-name-of-15-ch", 16);
	question(REQUEST, 0, WEB, OWN);
	option(61, 64, id);
	t.bytes[255] = 99; /* a longer circuit instead */
	option(82, 32, id);
	take();
	cr_assert(answer_type() == ACK && t.result.len <= DHCP_ANSWER_MAX && answered(15)[0] == DHCP_SUFFIX_MAX);
	suffix[DHCP_SUFFIX_MAX] = 'a';
	take();
	cr_assert(answer_type() == ACK && !answered(15));
}
