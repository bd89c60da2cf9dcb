/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The plan (abi/plan.h) under suspicion. After PLAN_OK everything that the builder relies on holds: counts, bounds,
 * names, addresses, interface numbers, no cycle of links, room for every grant mapping. The tool that writes plans uses
 * the same check, so that a bad plan is refused on the host already.
 */
#ifndef CAMBIUM_CONTROL_PLAN_CHECK_H
#define CAMBIUM_CONTROL_PLAN_CHECK_H

#include <abi/handover.h>
#include <abi/net_ring.h>
#include <abi/plan.h>
#include <base/bits.h>

#define PLAN_MEM_PAGES_MIN 64u
#define PLAN_MEM_PAGES_MAX (1u << 22) /* 16 GiB */
#define PLAN_WINDOW_PAGES_MAX (1u << 18)
#define PLAN_MTU_MIN 576u
#define PLAN_MTU6_MIN 1280u /* with IPv6 */
#define PLAN_MTU_MAX 9000u
#define PLAN_WINDOW_RESERVE 64u /* window pages that a domain needs beside its links: console, device area, BARs */

/* name, whose it is ("plan", "domain" or "link"), sentence with the remedy where it is not obvious */
#define PLAN_ERRORS(E)                                                                                                   \
	E(PLAN_OK, "plan", "no error")                                                                                   \
	E(PLAN_TRUNCATED, "plan", "is shorter than its header says: make the bundle again")                              \
	E(PLAN_BAD_MAGIC, "plan", "does not start with the magic of a plan: was it made by mkplan?")                     \
	E(PLAN_BAD_VERSION, "plan", "has another version than this program reads: make it with the same tree")           \
	E(PLAN_BAD_DIGEST, "plan", "differs from its own SHA-256: it was damaged, make it again")                        \
	E(PLAN_BAD_COUNT, "plan", "has more than 1000 domains or more than 1024 links")                                  \
	E(PLAN_BAD_RULES, "plan", "its rules lie outside it or are not 8-byte aligned")                                  \
	E(PLAN_DOMAIN_NAME, "domain", "its name is empty, too long, not of a-z 0-9 - _ . or is `control`")               \
	E(PLAN_DOMAIN_TWICE, "domain", "an earlier domain has the same name")                                            \
	E(PLAN_DOMAIN_IMAGE, "domain", "its image name is empty, too long or not of a-z 0-9 - _ .")                      \
	E(PLAN_DOMAIN_CMDLINE, "domain",                                                                                 \
	  "its command line is outside the plan, has no end or more than 4095 characters")                               \
	E(PLAN_DOMAIN_MEMORY, "domain", "its memory is below 256 KiB or above 16 GiB")                                   \
	E(PLAN_DOMAIN_MAXIMUM, "domain",                                                                                 \
	  "its greatest memory is less than what is reserved for it, or above 16 GiB: raise the one or lower the other") \
	E(PLAN_DOMAIN_WINDOW, "domain",                                                                                  \
	  "its window is too small for its links (ring, pool and 64 more pages), or too large")                          \
	E(PLAN_DOMAIN_WEIGHT, "domain", "its weight is above 65535")                                                     \
	E(PLAN_DOMAIN_VCPUS, "domain", "it has more than 8 vCPUs")                                                       \
	E(PLAN_DOMAIN_CAPABILITIES, "domain", "it asks for capabilities that do not exist")                              \
	E(PLAN_DOMAIN_RESTART, "domain", "its restart policy does not exist")                                            \
	E(PLAN_DOMAIN_PCI, "domain", "its PCI class is above 0xffff, or an earlier domain owns the same device")         \
	E(PLAN_DOMAIN_RULES, "domain",                                                                                   \
	  "takes_rules is neither 0 nor 1, an earlier domain takes them, or its interfaces do not fit 8 device pages")   \
	E(PLAN_DOMAIN_HANDOVER, "domain", "only the domain that takes the rules hands flows over, 26214 at most")        \
	E(PLAN_DOMAIN_UPLINK, "domain", "its uplink is no host address, or its gateway is outside the subnet")           \
	E(PLAN_DOMAIN_DHCP, "domain",                                                                                    \
	  "its uplink has dhcp and an address, prefix or gateway of IPv4 too, or no device: give the one or the other")  \
	E(PLAN_LINK_KIND, "link", "its kind does not exist")                                                             \
	E(PLAN_LINK_ENDS, "link", "an end is no domain of the plan, or both ends are the same")                          \
	E(PLAN_LINK_INDEX, "link", "its interface number is not 1..31, or its back end uses it twice")                   \
	E(PLAN_LINK_MAC, "link", "a MAC is zero or multicast, or both ends have the same, or another front has it")      \
	E(PLAN_LINK_ADDRESS, "link",                                                                                     \
	  "its address and gateway are not two hosts of one subnet, or another link overlaps")                           \
	E(PLAN_LINK_MTU, "link", "its MTU is not 576..9000, with IPv6 1280..9000")                                       \
	E(PLAN_LINK_DHCP, "link",                                                                                        \
	  "its dhcp is neither 0, 1 (asks) nor 2 (serves), or it has no IPv4: give it the address that is to be leased") \
	E(PLAN_LINK_DHCP_NOBODY, "link",                                                                                 \
	  "it asks by DHCP, but no link of its back end serves: give the link of the server .dhcp = PLAN_DHCP_SERVES")   \
	E(PLAN_LINK_DHCP_TWICE, "link", "it serves DHCP, as an earlier link of its back end does: one is enough")        \
	E(PLAN_LINK_POOL, "link", "its pool has more than 1024 pages")                                                   \
	E(PLAN_LINK_CYCLE, "link", "links form a cycle: no order of starting would have every back end first")

enum plan_error {
#define PLAN_ERROR_ENUM(name, whose, text) name,
	PLAN_ERRORS(PLAN_ERROR_ENUM)
#undef PLAN_ERROR_ENUM
};

/* What plan_check() says: the first thing wrong, and which domain or link it is. */
struct plan_verdict {
	enum plan_error error;
	uint32_t index;
};

/* A plan that plan_check() passed, with its parts found. Pointers lead into the checked bytes. */
struct plan_view {
	const struct plan_header *header;
	const struct plan_domain *domains;
	const struct plan_link *links;
	const void *rules; /* NULL: none */
	uint32_t domain_count, link_count, rules_bytes;
	uint32_t order[PLAN_DOMAIN_MAX]; /* domain indices such that each back comes before its fronts */
};

/* The sentence for @error, never NULL; and whether it is about the "plan", a "domain" or a "link". */
const char *plan_error_text(enum plan_error error);
const char *plan_error_whose(enum plan_error error);

/*
 * Checks the @len bytes at @bytes (8-byte aligned, private memory) and fills in *@view. The plan may be followed by
 * padding. Reads nothing outside [bytes, bytes + len). The rules' contents are their reader's to check.
 */
struct plan_verdict plan_check(const void *bytes, uint64_t len, struct plan_view *view);

/* The command line of domain @d. */
static inline const char *plan_cmdline(const struct plan_view *view, uint32_t d)
{
	const struct plan_domain *domain = &view->domains[d];

	return domain->long_cmdline ? (const char *)view->header + domain->long_cmdline : domain->cmdline;
}

/* Pages of the pool of @link, the default resolved. */
static inline uint32_t plan_pool_pages(const struct plan_link *link)
{
	return link->pool_pages ? link->pool_pages : NET_POOL_PAGES_DEFAULT;
}

/* Pages of window that domain @d needs: its links' back ends, its hand-over area and PLAN_WINDOW_RESERVE; and that it gets. */
uint64_t plan_window_needed(const struct plan_view *view, uint32_t d);
uint64_t plan_window_pages(const struct plan_view *view, uint32_t d);

/* The most frames that a domain may have. */
static inline uint32_t plan_mem_max(const struct plan_domain *d)
{
	return d->mem_max_pages ? d->mem_max_pages : d->mem_pages;
}

/*
 * Frames beside its memory for what the hypervisor keeps of domain @d: ports and grants of the links that the plan gives
 * it, and a mapping for each page of its window. What it offers and binds beyond that comes out of its memory.
 */
uint32_t plan_table_pages(const struct plan_view *view, uint32_t d);

#endif
