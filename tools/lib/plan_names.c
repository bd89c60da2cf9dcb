/* SPDX-License-Identifier: BSD-2-Clause */
/* Invariant: a command line is expanded whole, or refused. */
#include "plan_names.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define NAMES "@names"
#define LEASES "@leases"

struct text {
	char *at; /* PLAN_CMDLINE_MAX bytes */
	size_t len;
	bool is_over; /* it would be longer than that */
};

static void add(struct text *t, const char *more, size_t len)
{
	if (t->is_over || PLAN_CMDLINE_MAX - 1 - t->len < len) {
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
static void add_domain(struct text *t, size_t start, const struct plan_tables *p, uint32_t index)
{
	const struct plan_domain *domain = &p->domains[index];
	bool is_first = true;

	for (uint32_t i = 0; i < p->link_count; i++) {
		const struct plan_link *link = &p->links[i];
		uint32_t v4 = htonl(link->address);

		if (link->front != index || (!v4 && !link->net6.prefix))
			continue;
		if (is_first) {
			add(t, " ", t->len > start);
			add(t, domain->name, strnlen(domain->name, sizeof domain->name));
		}
		if (v4)
			add_address(t, AF_INET, &v4, is_first);
		if (link->net6.prefix)
			add_address(t, AF_INET6, link->net6.address, is_first && !v4);
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

static void add_names(struct text *t, const struct plan_tables *p)
{
	size_t start = t->len;

	for (uint32_t i = 0; i < p->domain_count; i++)
		add_domain(t, start, p, i);
}

/* NULL, or what is wrong: the domain @self serves nobody. */
static const char *add_leases(struct text *t, const struct plan_tables *p, uint32_t self)
{
	const struct plan_link *serving = NULL;

	for (uint32_t i = 0; i < p->link_count && !serving; i++)
		if (p->links[i].dhcp == PLAN_DHCP_SERVES && p->links[i].front == self)
			serving = &p->links[i];
	if (!serving)
		return "@leases, but no link of it serves DHCP: give it one with .dhcp = PLAN_DHCP_SERVES";
	add_v4(t, "--address=", serving->address);
	add_v4(t, " --router=", serving->gateway);
	for (uint32_t i = 0; i < p->link_count; i++) {
		const struct plan_link *link = &p->links[i];

		if (link->back == serving->back && link->dhcp == PLAN_DHCP_ASKS && link->front < p->domain_count)
			add_lease(t, p->domains[link->front].name, link);
	}
	return NULL;
}

static bool is_word(const char *at, size_t len, const char *word)
{
	return len == strlen(word) && !memcmp(at, word, len);
}

const char *plan_line_expand(char to[PLAN_CMDLINE_MAX], const char *line, const struct plan_tables *plan, uint32_t self)
{
	struct text t = {.at = to};
	const char *fault = NULL;

	for (;;) {
		size_t len = strcspn(line, " ");

		if (is_word(line, len, NAMES))
			add_names(&t, plan);
		else if (is_word(line, len, LEASES))
			fault = add_leases(&t, plan, self);
		else
			add(&t, line, len);
		line += len;
		if (fault || !*line)
			break;
		add(&t, line++, 1);
	}
	to[t.len] = 0;
	if (t.is_over)
		fault = "its command line, with what @names and @leases stand for, has more than 4095 characters: write down "
			"what is needed instead of them";
	return fault;
}
