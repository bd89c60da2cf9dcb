// SPDX-License-Identifier: BSD-2-Clause
/* Invariant: a word means exactly what config.h says, or is refused; none is ignored. */
#include "config.h"
#include "unikernel/core/dns_bytes.h"

#include <arpa/inet.h>
#include <string.h>

#define SUFFIX "cambium.internal"
#define DNS_PORT 53u
#define ITEM_MAX 64u

/* The decimal number in @text, at most @most; false: it is none. */
static bool read_number(const char *text, unsigned most, unsigned *value)
{
	*value = 0;
	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		*value = *value * 10 + (unsigned)(*text - '0');
		if (*value > most)
			return false;
	}
	return true;
}

static bool read_address(const char *text, struct dns_address *address)
{
	memset(address, 0, sizeof(*address));
	address->is_v6 = strchr(text, ':') != NULL;
	return inet_pton(address->is_v6 ? AF_INET6 : AF_INET, text, address->bytes) == 1;
}

/* The next of a list with commas, copied to @item; false: there is none, or it is too long. */
static bool next_item(const char **list, char item[ITEM_MAX])
{
	size_t len = strcspn(*list, ",");

	if (len == 0 || len >= ITEM_MAX)
		return false;
	memcpy(item, *list, len);
	item[len] = '\0';
	*list += len;
	if (**list == ',')
		++*list;
	return true;
}

/* Cuts @item at @mark; what is behind it is a number, or @otherwise where there is no mark. */
static bool cut_number(char *item, char mark, unsigned most, unsigned otherwise, unsigned *value)
{
	char *at = strchr(item, mark);

	*value = otherwise;
	if (at == NULL)
		return true;
	*at = '\0';
	return read_number(at + 1, most, value);
}

static const char *add_upstream(struct dns_server *server, char *item)
{
	struct dns_endpoint *to = &server->upstreams[server->upstream_count];
	unsigned port;

	if (server->upstream_count == DNS_UPSTREAMS)
		return "too many upstream servers";
	if (!cut_number(item, '#', UINT16_MAX, DNS_PORT, &port) || port == 0 || !read_address(item, &to->address))
		return "no upstream server: ADDRESS or ADDRESS#PORT";
	to->port = (uint16_t)port;
	server->upstream_count++;
	return NULL;
}

static const char *add_net(struct dns_server *server, char *item)
{
	struct dns_net *net = &server->nets[server->net_count];

	if (server->net_count == DNS_NETS)
		return "too many nets";
	if (!cut_number(item, '/', 128, 129, &net->bits) || !read_address(item, &net->address))
		return "no net: ADDRESS/LENGTH";
	if (net->bits == 129)
		net->bits = net->address.is_v6 ? 128 : 32;
	if (net->bits > (net->address.is_v6 ? 128 : 32))
		return "a net's length is 32 at most, of IPv6 128";
	server->net_count++;
	return NULL;
}

/* @add for each item of @list; NULL, or what is wrong. */
static const char *read_list(struct dns_server *server, const char *list,
			     const char *(*add)(struct dns_server *, char *))
{
	const char *fault = NULL;
	char item[ITEM_MAX];

	if (*list == '\0')
		return "an empty list";
	while (fault == NULL && *list != '\0')
		fault = next_item(&list, item) ? add(server, item) : "an item is empty or too long";
	return fault;
}

static const char *read_name(struct dns_server *server, const char *word)
{
	const char *list = strchr(word, '=');
	struct dns_address address;
	char item[ITEM_MAX];

	if (list == NULL || list[1] == '\0')
		return "neither an option nor NAME=ADDRESS";
	for (size_t len = (size_t)(list++ - word); *list != '\0';) {
		if (!next_item(&list, item) || !read_address(item, &address))
			return "no address";
		if (!dns_zone_add(&server->zone, word, len, &address))
			return "no name, a name that is too long, or too many";
	}
	return NULL;
}

/* An address of IPv4 in host order; false: it is none. */
static bool read_number_of(const char *text, uint32_t *number)
{
	struct dns_address address;

	if (!read_address(text, &address) || address.is_v6)
		return false;
	*number = get32(address.bytes);
	return *number != 0;
}

static const char *read_lease(struct dhcp_server *dhcp, const char *list)
{
	static const char fault[] = "no lease: NAME,ADDRESS/LENGTH,ROUTER,MTU";
	char name[ITEM_MAX], item[ITEM_MAX];
	struct dhcp_link link = {.mtu = 0};
	unsigned prefix, mtu;

	if (!next_item(&list, name) || !next_item(&list, item) || !cut_number(item, '/', 32, 33, &prefix) ||
	    prefix == 33 || !read_number_of(item, &link.address))
		return fault;
	if (!next_item(&list, item) || !read_number_of(item, &link.gateway) || !next_item(&list, item) ||
	    !read_number(item, UINT16_MAX, &mtu) || *list != '\0')
		return fault;
	link.prefix = (uint8_t)prefix;
	link.mtu = (uint16_t)mtu;
	return dhcp_server_add(dhcp, name, strlen(name), &link)
		       ? NULL
		       : "its address and router are not two hosts of one net that nobody else has, or too many leases";
}

static const char *read_lease_time(struct dhcp_server *dhcp, const char *text)
{
	unsigned seconds;

	if (!read_number(text, DHCP_SECONDS_MOST, &seconds) || seconds < DHCP_SECONDS_LEAST)
		return "no time of a lease: from a minute to a week, in seconds";
	dhcp->seconds = seconds;
	return NULL;
}

/* What stands behind @option in @word, or NULL. */
static const char *value_of(const char *word, const char *option)
{
	size_t len = strlen(option);

	return strncmp(word, option, len) == 0 ? word + len : NULL;
}

static const char *read_word(struct config *config, const char *word)
{
	const char *value;
	unsigned port;

	if (value_of(word, "--suffix=") != NULL)
		return NULL; /* it came first */
	if (strcmp(word, "--upstream=lease") == 0) {
		config->names->is_wanted = true;
		return NULL;
	}
	if ((value = value_of(word, "--router=")) != NULL)
		return read_number_of(value, &config->names->router) ? NULL : "no address of IPv4";
	if ((value = value_of(word, "--upstream=")) != NULL)
		return read_list(config->server, value, add_upstream);
	if ((value = value_of(word, "--inside=")) != NULL)
		return read_list(config->server, value, add_net);
	if ((value = value_of(word, "--lease=")) != NULL)
		return read_lease(config->dhcp, value);
	if ((value = value_of(word, "--lease-time=")) != NULL)
		return read_lease_time(config->dhcp, value);
	if ((value = value_of(word, "--address=")) != NULL)
		return read_number_of(value, &config->dhcp->address) ? NULL : "no address of IPv4";
	if ((value = value_of(word, "--port=")) == NULL)
		return *word == '-' ? "no such option" : read_name(config->server, word);
	if (!read_number(value, UINT16_MAX, &port) || port == 0)
		return "no port";
	config->port = (uint16_t)port;
	return NULL;
}

/* Is there all that the words together need? */
static const char *check_whole(struct config *config, const char **word)
{
	config->names->address = config->dhcp->address;
	*word = "--lease=";
	if (config->dhcp->count != 0 && config->dhcp->address == 0)
		return "leases name their server: say --address=ADDRESS, our own";
	*word = "--upstream=lease";
	if (config->names->is_wanted && (config->dhcp->address == 0 || config->names->router == 0))
		return "the router is asked: say --address=ADDRESS, our own, and --router=ADDRESS, as @leases does";
	return NULL;
}

const char *config_read(struct config *config, int count, char **words, const char **word)
{
	const char *fault = NULL, *suffix = SUFFIX;

	config->port = DNS_PORT;
	*word = "--suffix=";
	for (int i = 0; i < count; i++)
		if (value_of(words[i], *word) != NULL)
			suffix = value_of(words[i], *word);
	if (!dns_zone_init(&config->server->zone, suffix))
		return "no name to end others with";
	*config->names = (struct dhcp_names){.is_wanted = false};
	*config->dhcp = (struct dhcp_server){.seconds = DHCP_SECONDS, .suffix = suffix};
	for (int i = 0; i < count && fault == NULL; i++) {
		*word = words[i];
		fault = read_word(config, words[i]);
	}
	return fault != NULL ? fault : check_whole(config, word);
}
