/* SPDX-License-Identifier: BSD-2-Clause */
/* The names of a plan's domains on a command line: the word `@names` of the domain that answers for them. */
#ifndef CAMBIUM_TOOLS_PLAN_NAMES_H
#define CAMBIUM_TOOLS_PLAN_NAMES_H

#include <abi/plan.h>

/*
 * Replaces the word `@names` in @domain's command line, where there is one, by NAME=ADDRESS,... for each of the
 * @domain_count @domains that a link gives an address. NULL, or what is wrong; the command line is as it was then.
 */
const char *plan_names_expand(struct plan_domain *domain, const struct plan_domain *domains, uint32_t domain_count,
			      const struct plan_link *links, uint32_t link_count);

#endif
