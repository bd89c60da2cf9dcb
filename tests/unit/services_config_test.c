// SPDX-License-Identifier: BSD-2-Clause
/*
 * The command line of the services domain: each word means what it says, or is refused.
 *
 * links: apps/services/dns_query.c apps/services/dns_answer.c
 * links: apps/services/dns_zone.c apps/services/config.c
 */
#include <criterion/criterion.h>
#include <string.h>

#include "apps/services/config.h"

static struct dns_server server;
static struct config config = {.server = &server};

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
					  "--upstream=1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1"};

	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
		cr_assert_not_null(read_words((const char *const[]){bad[i], NULL}), "%s was taken", bad[i]);
}
