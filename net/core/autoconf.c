/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Autoconfiguration. The invariant: an address is used only after a second in which nobody said that it was his, and only
 * while its prefix is valid; a lifetime is cut short to no less than two hours, so that a forged message is no switch
 * (RFC 4862 section 5.5.3).
 */
#include <string.h>

#include "autoconf.h"

#define SECOND 1000000000ull
#define ASK_NS (4 * SECOND)
#define ASK_COUNT 3u
#define PROBE_NS (1 * SECOND)
#define LIFETIME_LEAST (7200 * SECOND)
#define LIFETIME_MOST 0x7fffffffu /* seconds */

static uint64_t until(uint64_t now, uint32_t seconds)
{
	return now + (seconds < LIFETIME_MOST ? seconds : LIFETIME_MOST) * SECOND;
}

static bool is_current(const struct autoconf *a)
{
	return a->state == AUTOCONF_TENTATIVE || a->state == AUTOCONF_VALID;
}

/* The prefix of our address is told again: it lasts longer, or not much less long. */
static void lifetime_take(struct autoconf *a, uint32_t seconds, uint64_t now)
{
	uint64_t told = until(now, seconds), least = now + LIFETIME_LEAST;

	if (told < a->addr_until)
		told = a->addr_until < least ? a->addr_until : told < least ? least : told;
	a->addr_until = told;
}

/* The router @from is our router, or says that it is none any more. True: that is new. */
static bool router_take(struct autoconf *a, struct ip_addr from, uint16_t lifetime, uint64_t now)
{
	bool is_ours = ip_addr_equal(a->router, from);

	if (!is_ours && !ip_addr_is_unspecified(a->router))
		return false;
	if (lifetime == 0) {
		memset(&a->router, 0, sizeof(a->router));
		return is_ours;
	}
	a->router = from;
	a->router_until = until(now, lifetime);
	return !is_ours;
}

bool autoconf_hear(struct autoconf *a, const struct nd_message *m, struct ip_addr from, struct mac mac, bool is_free,
		   uint64_t now)
{
	struct ip_addr addr = ip_addr_from_mac(m->prefix, mac);
	bool offers = m->prefix_is_autonomous && is_free && m->prefix_lifetime > 0;

	if (a->state == AUTOCONF_NONE && offers) {
		*a = (struct autoconf){
			.addr = addr, .addr_until = until(now, m->prefix_lifetime), .state = AUTOCONF_TENTATIVE};
		router_take(a, from, m->router_lifetime, now);
		return false;
	}
	if (!is_current(a))
		return false;
	if (m->prefix_is_autonomous && ip_addr_equal(a->addr, addr))
		lifetime_take(a, m->prefix_lifetime, now);
	return router_take(a, from, m->router_lifetime, now) && a->state == AUTOCONF_VALID;
}

void autoconf_collide(struct autoconf *a)
{
	if (a->state == AUTOCONF_TENTATIVE)
		a->state = AUTOCONF_TAKEN;
}

/* A tentative address: the question goes out, and when nobody answers it is ours. */
static enum autoconf_act probe_tick(struct autoconf *a, uint64_t now)
{
	if (a->due == 0) {
		a->due = now + PROBE_NS;
		return AUTOCONF_PROBE;
	}
	if (now < a->due)
		return AUTOCONF_NOTHING;
	a->state = AUTOCONF_VALID;
	return AUTOCONF_CHANGE;
}

enum autoconf_act autoconf_tick(struct autoconf *a, uint64_t now)
{
	if (a->state == AUTOCONF_TENTATIVE)
		return probe_tick(a, now);
	if (a->state == AUTOCONF_NONE && a->asked < ASK_COUNT && now >= a->due) {
		a->asked++;
		a->due = now + ASK_NS;
		return AUTOCONF_ASK;
	}
	if (a->state != AUTOCONF_VALID)
		return AUTOCONF_NOTHING;
	if (now >= a->addr_until) {
		*a = (struct autoconf){.state = AUTOCONF_NONE};
		return AUTOCONF_CHANGE;
	}
	if (ip_addr_is_unspecified(a->router) || now < a->router_until)
		return AUTOCONF_NOTHING;
	memset(&a->router, 0, sizeof(a->router));
	return AUTOCONF_CHANGE;
}
