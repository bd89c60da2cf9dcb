/* SPDX-License-Identifier: BSD-2-Clause */
/* What a plan says on the command line of the domain that answers for it: the words `@names` and `@leases`. */
#ifndef CAMBIUM_TOOLS_PLAN_NAMES_H
#define CAMBIUM_TOOLS_PLAN_NAMES_H

#include <abi/plan.h>

/* A plan's tables before they are one. */
struct plan_tables {
	const struct plan_domain *domains;
	const struct plan_link *links;
	uint32_t domain_count, link_count;
};

/*
 * Copies the command line @line of the domain number @self to @to, with the words of @plan. NULL, or what is wrong.
 *
 * `@names` becomes NAME=ADDRESS,... for each domain that a link gives an address. `@leases` becomes what the domains that ask
 * by DHCP get, in the words of apps/services: --address=ADDRESS and --router=ADDRESS of the link by which @self serves, and
 * --lease=NAME,ADDRESS/LENGTH,ROUTER,MTU for each link of the same back end that asks.
 */
const char *plan_line_expand(char to[PLAN_CMDLINE_MAX], const char *line, const struct plan_tables *plan,
			     uint32_t self);

#endif
