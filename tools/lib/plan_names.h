/* SPDX-License-Identifier: BSD-2-Clause */
/* What a plan says on the command line of the domain that answers for it: the words `@names` and `@leases`. */
#ifndef CAMBIUM_TOOLS_PLAN_NAMES_H
#define CAMBIUM_TOOLS_PLAN_NAMES_H

#include <abi/plan.h>

/*
 * Replaces the word `@names` in @domain's command line, where there is one, by NAME=ADDRESS,... for each of the
 * @domain_count @domains that a link gives an address. NULL, or what is wrong; the command line is as it was then.
 */
const char *plan_names_expand(struct plan_domain *domain, const struct plan_domain *domains, uint32_t domain_count,
			      const struct plan_link *links, uint32_t link_count);

/*
 * Likewise replaces `@leases` by what the domains that ask by DHCP get, in the words of apps/services: --address=ADDRESS of
 * the link by which @domain serves, and --lease=NAME,ADDRESS/LENGTH,ROUTER,MTU for each link of the same back end that asks.
 */
const char *plan_leases_expand(struct plan_domain *domain, const struct plan_domain *domains, uint32_t domain_count,
			       const struct plan_link *links, uint32_t link_count);

#endif
