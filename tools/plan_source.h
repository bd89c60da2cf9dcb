/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a plan is written down until there is a manifest: one `const struct plan_source plan_source` of C initialisers per
 * appliance (configs/NAME/plan.c), which tools/mkplan.c turns into the table of abi/plan.h. Domains and links are those
 * of the ABI; slots and interface numbers follow from their order as abi/plan.h has it.
 */
#ifndef CAMBIUM_TOOLS_PLAN_SOURCE_H
#define CAMBIUM_TOOLS_PLAN_SOURCE_H

#include <abi/plan.h>
#include <abi/rules.h>
#include <base/bits.h>

struct plan_source {
	const char *file; /* where it is written down, for messages: __FILE__ */
	const struct plan_domain *domains;
	uint32_t domain_count;
	const struct plan_link *links;
	uint32_t link_count;
	const struct rules_rule *rules; /* first match decides; none: everything is refused */
	uint32_t rule_count;
};

extern const struct plan_source plan_source;

/* An IPv4 address in host order, as plan_uplink and plan_link have it. */
#define IPV4(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

/* Mebibytes as pages. */
#define MIB(n) ((n)*256u)

#endif
