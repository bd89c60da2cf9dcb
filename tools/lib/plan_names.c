/* SPDX-License-Identifier: BSD-2-Clause */
/* Invariant: a command line is either expanded whole, or as it was. */
#include "plan_names.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define NAMES "@names"
#define LEASES "@leases"

struct text {
	char at[sizeof((struct plan_domain *)0)->cmdline];
	size_t len;
	bool is_over; /* it would be longer than that */
};

static void add(struct text *t, const char *more, size_t len)
{
	if (t->is_over || sizeof t->at - 1 - t->len < len) {
		t->is_over = true;
		return;
	}
	memcpy(t->at + t->len, more, len);
	t->len += len;
}

static void add_address(struct text *t, int family, const void *address, bool is_first)
{
	char buffer[INET6_ADDRSTRLEN];

	inet_ntop(family, address, buffer, sizeof buffer);
	add(t, is_first ? "=" : ",", 1);
	add(t, buffer, strlen(buffer));
}

/* NAME=ADDRESS,... of the domain @index, if it has any; behind others with a blank between. */
static void add_domain(struct text *t, size_t start, const struct plan_domain *domain, uint32_t index,
		       const struct plan_link *links, uint32_t link_count)
{
	bool is_first = true;

	for (uint32_t i = 0; i < link_count; i++) {
		uint32_t v4 = htonl(links[i].address);

		if (links[i].front != index || (!v4 && !links[i].net6.prefix))
			continue;
		if (is_first) {
			add(t, " ", t->len > start);
			add(t, domain->name, strnlen(domain->name, sizeof domain->name));
		}
		if (v4)
			add_address(t, AF_INET, &v4, is_first);
		if (links[i].net6.prefix)
			add_address(t, AF_INET6, links[i].net6.address, is_first && !v4);
		is_first = false;
	}
}

static void add_v4(struct text *t, const char *before, uint32_t address)
{
	uint32_t order = htonl(address);
	char buffer[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &order, buffer, sizeof buffer);
	add(t, before, strlen(before));
	add(t, buffer, strlen(buffer));
}

/* --lease=NAME,ADDRESS/LENGTH,ROUTER,MTU of the front of @link. */
static void add_lease(struct text *t, const char *name, const struct plan_link *link)
{
	char number[16];

	add(t, " --lease=", 9);
	add(t, name, strnlen(name, sizeof((struct plan_domain *)0)->name));
	add_v4(t, ",", link->address);
	snprintf(number, sizeof number, "/%u", (unsigned)link->prefix);
	add(t, number, strlen(number));
	add_v4(t, ",", link->gateway);
	snprintf(number, sizeof number, ",%u", (unsigned)link->mtu);
	add(t, number, strlen(number));
}

/* Where the word stands, or NULL. */
static const char *find_word(const char *line, const char *word)
{
	const char *at = line;

	while ((at = strstr(at, word))) {
		const char *end = at + strlen(word);

		if ((at == line || at[-1] == ' ') && (!*end || *end == ' '))
			return at;
		at = end;
	}
	return NULL;
}

/* The link by which @domain serves DHCP; NULL: there is none. */
static const struct plan_link *find_serving(const struct plan_domain *domain, const struct plan_domain *domains,
					    const struct plan_link *links, uint32_t link_count)
{
	for (uint32_t i = 0; i < link_count; i++)
		if (links[i].dhcp == PLAN_DHCP_SERVES &&
		    !strncmp(domains[links[i].front].name, domain->name, sizeof domain->name))
			return &links[i];
	return NULL;
}

/* @domain's command line becomes @t and what stands behind the word @word at @at. NULL, or what is wrong. */
static const char *finish(struct plan_domain *domain, struct text *t, const char *at, const char *word)
{
	at += strlen(word);
	add(t, at, strlen(at));
	if (t->is_over)
		return "the names do not fit into its command line of 255 characters: write down those that are needed";
	memset(domain->cmdline, 0, sizeof domain->cmdline);
	memcpy(domain->cmdline, t->at, t->len);
	return NULL;
}

const char *plan_names_expand(struct plan_domain *domain, const struct plan_domain *domains, uint32_t domain_count,
			      const struct plan_link *links, uint32_t link_count)
{
	struct text t = {.len = 0};
	const char *at;
	size_t start;

	if (!memchr(domain->cmdline, 0, sizeof domain->cmdline) || !(at = find_word(domain->cmdline, NAMES)))
		return NULL;
	add(&t, domain->cmdline, (size_t)(at - domain->cmdline));
	start = t.len;
	for (uint32_t i = 0; i < domain_count; i++)
		add_domain(&t, start, &domains[i], i, links, link_count);
	return finish(domain, &t, at, NAMES);
}

const char *plan_leases_expand(struct plan_domain *domain, const struct plan_domain *domains, uint32_t domain_count,
			       const struct plan_link *links, uint32_t link_count)
{
	const struct plan_link *serving;
	struct text t = {.len = 0};
	const char *at;

	if (!memchr(domain->cmdline, 0, sizeof domain->cmdline) || !(at = find_word(domain->cmdline, LEASES)))
		return NULL;
	serving = find_serving(domain, domains, links, link_count);
	if (!serving)
		return "@leases, but no link of it serves DHCP: give it one with .dhcp = PLAN_DHCP_SERVES";
	add(&t, domain->cmdline, (size_t)(at - domain->cmdline));
	add_v4(&t, "--address=", serving->address);
	for (uint32_t i = 0; i < link_count; i++)
		if (links[i].back == serving->back && links[i].dhcp == PLAN_DHCP_ASKS && links[i].front < domain_count)
			add_lease(&t, domains[links[i].front].name, &links[i]);
	return finish(domain, &t, at, LEASES);
}
