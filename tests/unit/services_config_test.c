// SPDX-License-Identifier: BSD-2-Clause
/*
 * The command line of the services domain: each word means what it says, or is refused.
 *
 * links: apps/services/dns_query.c apps/services/dns_answer.c
 * links: apps/services/dns_zone.c apps/services/config.c
 * links: apps/services/dhcp_server.c apps/services/dhcp_query.c apps/services/dhcp_options.c
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "apps/services/config.h"

static struct dns_server server;
static struct dhcp_server dhcp;
static struct dhcp_names names;
static struct config config = {.server = &server, .dhcp = &dhcp, .names = &names};

static const char *read_words(const char *const *words)
{
	const char *word;
	int count = 0;

	while (words[count])
		count++;
	memset(&server, 0, sizeof server);
	return config_read(&config, count, (char **)(uintptr_t)words, &word);
}

Test(services_config, names_servers_and_nets_are_read)
{
	static const char *const words[] = {"web1=10.1.1.2,fdca::2",
					    "--upstream=9.9.9.9,2620:fe::fe#5353",
					    "--inside=10.0.0.0/8,fdca::1",
					    "--suffix=example.internal",
					    "--port=5300",
					    NULL};
	struct dns_name name;

	cr_assert_null(read_words(words));
	cr_assert_eq(config.port, 5300);
	cr_assert(dns_name_parse(&name, "web1.example.internal", 21));
	cr_assert(server.zone.count == 2 && dns_name_is_equal(&server.zone.entries[1].name, &name));
	cr_assert(server.zone.entries[1].address.is_v6 && !server.zone.entries[0].address.is_v6);
	cr_assert(server.upstream_count == 2 && server.upstreams[0].port == 53 && server.upstreams[1].port == 5353);
	cr_assert(server.net_count == 2 && server.nets[0].bits == 8 && server.nets[1].bits == 128);
}

Test(services_config, what_is_not_understood_is_refused)
{
	static const char *const bad[] = {"web1",
					  "web1=",
					  "=10.1.1.2",
					  "web1=10.1.1",
					  "we b=10.1.1.2",
					  "web1=10.1.1.2,x",
					  "--port=0",
					  "--port=65536",
					  "--port=",
					  "--port=5x",
					  "--upstream=",
					  "--upstream=9.9.9.9#",
					  "--upstream=x",
					  "--inside=10.0.0.0/33",
					  "--inside=/8",
					  "--other=1",
					  "--suffix=a..b",
					  "--upstream=1.1.1.1,,2.2.2.2",
					  "--address=fdca::1",
					  "--address=0.0.0.0",
					  "--router=fdca::1",
					  "--upstream=lease", /* without addresses */
					  "--lease-time=59",
					  "--lease-time=604801",
					  "--lease-time=x",
					  "--lease=web1,10.1.1.2/24,10.1.1.1,1500", /* without an address of ours */
					  "--upstream=1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1"};

	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
		cr_assert_not_null(read_words((const char *const[]){bad[i], NULL}), "%s was taken", bad[i]);
}

Test(services_config, leases_are_read)
{
	static const char *const words[] = {"--lease=web1,10.1.1.2/24,10.1.1.1,1500",
					    "--lease=a-name-of-15-ch,10.1.2.18/28,10.1.2.17,9000", "--address=10.1.3.2",
					    "--lease-time=60", NULL};

	cr_assert_null(read_words(words));
	cr_assert(dhcp.count == 2 && dhcp.address == 0x0a010302 && dhcp.seconds == 60);
	cr_assert_str_eq(dhcp.suffix, "cambium.internal");
	cr_assert_str_eq(dhcp.links[1].name, "a-name-of-15-ch");
	cr_assert(dhcp.links[1].address == 0x0a010212 && dhcp.links[1].gateway == 0x0a010211);
	cr_assert(dhcp.links[1].prefix == 28 && dhcp.links[1].mtu == 9000);
	cr_assert_null(read_words((const char *const[]){"--address=10.1.3.2", NULL}));
	cr_assert(dhcp.count == 0 && dhcp.seconds == DHCP_SECONDS);
}

Test(services_config, leases_that_make_no_sense_are_refused)
{
	static const char *const bad[] = {"",
					  "web1",
					  "web1,10.1.1.2",
					  "web1,10.1.1.2/24",
					  "web1,10.1.1.2/24,10.1.1.1",
					  "web1,10.1.1.2/24,10.1.1.1,",
					  "web1,10.1.1.2/24,10.1.1.1,1500,1",
					  "web1,10.1.1.2,10.1.1.1,1500",
					  "web1,10.1.1.2/31,10.1.1.1,1500",
					  "web1,10.1.1.2/33,10.1.1.1,1500",
					  "web1,10.1.1.2/0,10.1.1.1,1500",
					  "web1,10.1.1.0/24,10.1.1.1,1500",
					  "web1,10.1.1.255/24,10.1.1.1,1500",
					  "web1,10.1.1.2/24,10.1.1.2,1500",
					  "web1,10.1.1.2/24,10.1.2.1,1500",
					  "web1,10.1.1.2/24,fdca::1,1500",
					  "web1,fdca::2/24,10.1.1.1,1500",
					  "web1,10.1.1.2/24,10.1.1.1,575",
					  "web1,10.1.1.2/24,10.1.1.1,65536",
					  "a-name-of-sixteen,10.1.1.2/24,10.1.1.1,1500",
					  ",10.1.1.2/24,10.1.1.1,1500",
					  "one,10.1.9.3/24,10.1.9.1,1500",
					  "one,10.1.9.2/24,10.1.9.4,1500"};
	char word[128];

	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		const char *const words[] = {"--address=10.1.3.2", "--lease=two,10.1.9.2/24,10.1.9.1,1500", word, NULL};

		snprintf(word, sizeof word, "--lease=%s", bad[i]);
		cr_assert_not_null(read_words(words), "%s was taken", word);
	}
}

Test(services_config, upstream_servers_may_be_those_of_the_uplinks_lease)
{
	static const char *const words[] = {"--upstream=9.9.9.9", "--upstream=lease", "--address=10.1.3.2",
					    "--router=10.1.3.1", NULL};

	cr_assert_null(read_words(words));
	cr_assert(names.is_wanted && names.address == 0x0a010302 && names.router == 0x0a010301);
	cr_assert_eq(server.upstream_count, 1);
	cr_assert_not_null(read_words((const char *const[]){"--upstream=lease", "--address=10.1.3.2", NULL}));
	cr_assert_not_null(read_words((const char *const[]){"--upstream=lease", "--router=10.1.3.1", NULL}));
	cr_assert_null(read_words((const char *const[]){"--upstream=9.9.9.9", NULL}));
	cr_assert(!names.is_wanted);
}
