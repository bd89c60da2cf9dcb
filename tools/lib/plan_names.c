/* SPDX-License-Identifier: BSD-2-Clause */
/* Invariant: a command line is either expanded whole, or as it was. */
#include "plan_names.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

#define WORD "@names"

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

/* Where the word stands, or NULL. */
static const char *find_word(const char *line)
{
	const char *at = line;

	while ((at = strstr(at, WORD))) {
		const char *end = at + strlen(WORD);

		if ((at == line || at[-1] == ' ') && (!*end || *end == ' '))
			return at;
		at = end;
	}
	return NULL;
}

const char *plan_names_expand(struct plan_domain *domain, const struct plan_domain *domains, uint32_t domain_count,
			      const struct plan_link *links, uint32_t link_count)
{
	struct text t = {.len = 0};
	const char *at;
	size_t start;

	if (!memchr(domain->cmdline, 0, sizeof domain->cmdline) || !(at = find_word(domain->cmdline)))
		return NULL;
	add(&t, domain->cmdline, (size_t)(at - domain->cmdline));
	start = t.len;
	for (uint32_t i = 0; i < domain_count; i++)
		add_domain(&t, start, &domains[i], i, links, link_count);
	at += strlen(WORD);
	add(&t, at, strlen(at));
	if (t.is_over)
		return "the names do not fit into its command line of 255 characters: write down those that are needed";
	memset(domain->cmdline, 0, sizeof domain->cmdline);
	memcpy(domain->cmdline, t.at, t.len);
	return NULL;
}
