/* SPDX-License-Identifier: BSD-2-Clause */
/* The order of destinations, by the examples of RFC 6724 section 10.2 and what a domain's links look like. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <string.h>

#include "unikernel/core/dns_order.h"

static struct dns_address address_of(const char *text)
{
	struct dns_address a = {.is_v6 = strchr(text, ':')};

	cr_assert_eq(inet_pton(a.is_v6 ? AF_INET6 : AF_INET, text, a.bytes), 1, "%s", text);
	return a;
}

/* Pairs of destination and source (NULL: not reachable) in the order wanted; they come in every order of two. */
static void order_is(const char *const pairs[][2], unsigned count)
{
	for (unsigned turn = 0; turn < count; turn++) {
		struct dns_target t[4] = {0};

		for (unsigned i = 0; i < count; i++) {
			const char *const *pair = pairs[(count - 1 - i + turn) % count];

			t[i].to = address_of(pair[0]);
			t[i].is_reachable = pair[1];
			if (pair[1])
				t[i].from = address_of(pair[1]);
		}
		dns_order(t, count);
		for (unsigned i = 0; i < count; i++) {
			struct dns_address want = address_of(pairs[i][0]);

			cr_assert(dns_address_is_equal(&t[i].to, &want), "%s is not number %u in turn %u", pairs[i][0],
				  i, turn);
		}
	}
}

#define ORDER(...)                                                                                                     \
	order_is((const char *const[][2]){__VA_ARGS__},                                                                \
		 sizeof((const char *const[][2]){__VA_ARGS__}) / sizeof(const char *const[2]))

Test(dns_order, examples_of_rfc_6724)
{
	ORDER({"2001:db8:1::1", "2001:db8:1::2"}, {"198.51.100.121", "169.254.13.78"});
	ORDER({"198.51.100.121", "198.51.100.117"}, {"2001:db8:1::1", "fe80::1"});
	ORDER({"2001:db8:1::1", "2001:db8:1::2"}, {"10.1.2.3", "10.1.2.4"});
	ORDER({"fe80::1", "fe80::2"}, {"2001:db8:1::1", "2001:db8:1::2"});
	ORDER({"2002:c633:6401::1", "2002:c633:6401::2"}, {"2001:db8:1::1", "fe80::2"});
	ORDER({"2001:db8:1::1", "2001:db8:1::2"}, {"2002:c633:6401::1", "2002:c633:6401::2"});
}

Test(dns_order, a_family_that_the_domain_does_not_have_goes_last)
{
	ORDER({"10.1.1.2", "10.1.2.2"}, {"2001:db8::1", NULL});
	ORDER({"fdca::2", "fdcb::2"}, {"10.1.1.2", NULL});
}

Test(dns_order, private_addresses_of_a_family_do_not_reach_the_world)
{
	ORDER({"192.0.2.7", "10.1.2.2"}, {"2001:db8::7", "fdcb::2"});
	ORDER({"2001:db8::7", "2001:db8:1::2"}, {"192.0.2.7", "10.1.2.2"}, {"fdca::2", "2001:db8:1::2"});
}

Test(dns_order, the_longer_common_prefix_wins_and_the_rest_stays)
{
	struct dns_target t[3] = {{.is_reachable = true}, {.is_reachable = true}, {.is_reachable = true}};

	ORDER({"2001:db8:1::9", "2001:db8:1::2"}, {"2001:db8:8000::9", "2001:db8:1::2"});
	for (unsigned i = 0; i < 3; i++) {
		t[i].to = address_of((const char *[]){"10.9.9.9", "10.1.1.1", "10.1.2.3"}[i]);
		t[i].from = address_of("10.1.1.2");
	}
	dns_order(t, 3);
	cr_assert(t[0].to.bytes[1] == 9 && t[1].to.bytes[2] == 1 && t[2].to.bytes[3] == 3);
	dns_order(t, 0);
}
