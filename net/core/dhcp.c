/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The DHCP client. The invariant: an address is used only from the end of a probe that nobody answered to the end of its
 * lease; an exchange begins only as time passes, and has one message as an answer, so that no server makes the client talk faster.
 */
#include <string.h>

#include "dhcp.h"

#define SECOND 1000000000ull
#define FIRST_WITHIN SECOND
#define RETRY_FIRST 4u /* seconds; each time twice as long, and a random second more or less */
#define RETRY_DOUBLINGS 4u
#define REQUESTS 4u
#define RENEW_LEAST 30u /* seconds: no server has the client ask more often */
#define EXTEND_LEAST (60 * SECOND)
#define PROBES 3u
#define PROBE_NS (300 * SECOND / 1000)
#define PROBE_LAST_NS (400 * SECOND / 1000)
#define DECLINED_NS (10 * SECOND)
#define SILENCE_FIRST 3u /* questions without an answer after which that is told, and of how many then each */
#define SILENCE_EACH 16u

static uint64_t draw(struct dhcp *d)
{
	d->drawn++;
	return siphash(&d->key, &d->drawn, sizeof(d->drawn));
}

/* So long an answer is waited for, when @tries were in vain before. */
static uint64_t patience(struct dhcp *d, unsigned tries)
{
	unsigned doublings = tries < RETRY_DOUBLINGS ? tries : RETRY_DOUBLINGS;

	return ((uint64_t)RETRY_FIRST << doublings) * SECOND - SECOND + draw(d) % (2 * SECOND);
}

static void enter(struct dhcp *d, enum dhcp_state state, uint64_t due)
{
	d->state = (uint8_t)state;
	d->sent = 0;
	d->due = due;
}

/* An exchange of its own begins with @state. */
static void exchange_begin(struct dhcp *d, enum dhcp_state state, uint64_t now)
{
	enter(d, state, now);
	d->xid = (uint32_t)draw(d);
	d->begun = now;
}

void dhcp_init(struct dhcp *d, struct siphash_key key, struct mac mac)
{
	*d = (struct dhcp){.key = key, .mac = mac, .state = DHCP_START};
}

bool dhcp_holds(const struct dhcp *d)
{
	return d->state == DHCP_BOUND || d->state == DHCP_RENEWING || d->state == DHCP_REBINDING;
}

static void lease_lose(struct dhcp *d, enum dhcp_news why, uint64_t due)
{
	d->change = dhcp_holds(d);
	d->news = (uint8_t)why;
	enter(d, DHCP_WAITING, due);
}

static uint64_t later(uint64_t now, uint32_t seconds)
{
	return seconds == DHCP_FOREVER ? UINT64_MAX : now + seconds * SECOND;
}

/* The times of a lease as @l says them, from the request on; T1 and T2 where they make sense (section 4.4.5). */
static void lease_time(struct dhcp *d, const struct dhcp_lease *l)
{
	uint32_t renew = l->renew, rebind = l->rebind;

	if (renew < RENEW_LEAST || renew >= rebind || rebind >= l->seconds) {
		renew = l->seconds / 2;
		rebind = (uint32_t)(l->seconds * 7ull / 8);
	}
	d->until = later(d->asked, l->seconds);
	d->rebind_at = l->seconds == DHCP_FOREVER ? UINT64_MAX : later(d->asked, rebind);
	d->renew_at = l->seconds == DHCP_FOREVER ? UINT64_MAX : later(d->asked, renew);
}

static bool is_usable(const struct dhcp_lease *l, bool fits)
{
	return fits && l->server != 0 && l->prefix_len != 0 && l->seconds >= DHCP_SECONDS_LEAST;
}

static bool waits_for_ack(const struct dhcp *d)
{
	return d->state == DHCP_REQUESTING || d->state == DHCP_RENEWING || d->state == DHCP_REBINDING;
}

static bool offer_hear(struct dhcp *d, const struct dhcp_message *m, bool fits, uint64_t now)
{
	if (d->state != DHCP_SELECTING)
		return false;
	if (!is_usable(&m->lease, fits)) {
		d->unfit = true;
		return false;
	}
	d->lease = m->lease;
	enter(d, DHCP_REQUESTING, now);
	return true;
}

static bool ack_hear(struct dhcp *d, const struct dhcp_message *m, struct mac from, bool fits, uint64_t now)
{
	if (!is_usable(&m->lease, fits) || m->lease.addr != d->lease.addr || !waits_for_ack(d))
		return false;
	if (m->lease.server == d->lease.server) {
		d->lease = m->lease;
		d->server_mac = from;
	} else if (d->state != DHCP_REBINDING || later(d->asked, m->lease.seconds) <= d->until) {
		return false;
	}
	d->refused = 0;
	lease_time(d, &m->lease);
	d->change = dhcp_holds(d);
	enter(d, d->change ? DHCP_BOUND : DHCP_PROBING, now);
	return true;
}

static bool nak_hear(struct dhcp *d, const struct dhcp_message *m, uint64_t now)
{
	if (!waits_for_ack(d) || m->lease.server == 0 || m->lease.server != d->lease.server)
		return false;
	lease_lose(d, DHCP_NEWS_REFUSED, now + patience(d, d->refused));
	if (d->refused < RETRY_DOUBLINGS)
		d->refused++;
	return true;
}

bool dhcp_hear(struct dhcp *d, const struct dhcp_message *m, struct mac from, bool fits, uint64_t now)
{
	if (m->xid != d->xid)
		return false;
	switch (m->type) {
	case DHCP_OFFER: return offer_hear(d, m, fits, now);
	case DHCP_ACK: return ack_hear(d, m, from, fits, now);
	case DHCP_NAK: return nak_hear(d, m, now);
	}
	return false;
}

void dhcp_collide(struct dhcp *d, uint32_t addr)
{
	if (d->state != DHCP_PROBING || addr != d->lease.addr)
		return;
	d->news = DHCP_NEWS_TAKEN;
	enter(d, DHCP_DECLINING, 0);
}

/* The request of @type is to be sent; @wanted: it names the address that was offered, and the server. */
static enum dhcp_act request_make(struct dhcp *d, enum dhcp_type type, bool wanted, uint64_t now)
{
	uint64_t secs = type == DHCP_DECLINE ? 0 : (now - d->begun) / SECOND;

	d->request = (struct dhcp_request){
		.type = (uint8_t)type,
		.secs = secs < 0xffff ? (uint16_t)secs : 0xffff,
		.xid = d->xid,
		.mac = d->mac,
		.server_mac = d->server_mac,
		.addr = dhcp_holds(d) ? d->lease.addr : 0,
		.to = d->state == DHCP_RENEWING ? d->lease.server : 0,
		.wanted = wanted ? d->lease.addr : 0,
		.server = wanted ? d->lease.server : 0,
	};
	d->sent++;
	d->asked = now;
	return DHCP_SEND;
}

static enum dhcp_act discover_tick(struct dhcp *d, uint64_t now)
{
	if (d->sent == SILENCE_FIRST || (d->sent > 0 && d->sent % SILENCE_EACH == 0)) {
		d->news = d->unfit ? DHCP_NEWS_UNFIT : DHCP_NEWS_NOBODY;
		d->unfit = false;
	}
	d->due = now + patience(d, d->sent);
	return request_make(d, DHCP_DISCOVER, false, now);
}

static enum dhcp_act request_tick(struct dhcp *d, uint64_t now)
{
	if (d->sent == REQUESTS) {
		d->news = DHCP_NEWS_NOBODY;
		enter(d, DHCP_WAITING, now);
		return dhcp_tick(d, now);
	}
	d->due = now + patience(d, d->sent);
	return request_make(d, DHCP_REQUEST, true, now);
}

static enum dhcp_act probe_tick(struct dhcp *d, uint64_t now)
{
	if (d->sent < PROBES) {
		d->sent++;
		d->due = now + (d->sent < PROBES ? PROBE_NS : PROBE_LAST_NS);
		return DHCP_PROBE;
	}
	enter(d, DHCP_BOUND, 0);
	d->news = DHCP_NEWS_LEASED;
	return DHCP_CHANGE;
}

/* The lease is to be extended until @end: again in half of the time that is left, but not before a minute (section 4.4.5). */
static enum dhcp_act extend_tick(struct dhcp *d, uint64_t end, uint64_t now)
{
	uint64_t half = (end - now) / 2;

	if (now < d->due)
		return DHCP_NOTHING;
	d->due = now + (half > EXTEND_LEAST ? half : EXTEND_LEAST);
	return request_make(d, DHCP_REQUEST, false, now);
}

/* While a lease is held. */
static enum dhcp_act hold_tick(struct dhcp *d, uint64_t now)
{
	if (now >= d->until) {
		lease_lose(d, DHCP_NEWS_ENDED, now);
		d->change = false;
		return DHCP_CHANGE;
	}
	if (d->state != DHCP_REBINDING && now >= d->rebind_at)
		exchange_begin(d, DHCP_REBINDING, now);
	if (d->state == DHCP_BOUND && now >= d->renew_at)
		exchange_begin(d, DHCP_RENEWING, now);
	if (d->state == DHCP_BOUND)
		return DHCP_NOTHING;
	return extend_tick(d, d->state == DHCP_RENEWING ? d->rebind_at : d->until, now);
}

enum dhcp_act dhcp_tick(struct dhcp *d, uint64_t now)
{
	if (d->change) {
		d->change = false;
		return DHCP_CHANGE;
	}
	if (dhcp_holds(d))
		return hold_tick(d, now);
	if (d->state == DHCP_START)
		enter(d, DHCP_WAITING, now + draw(d) % FIRST_WITHIN);
	if (d->state == DHCP_NONE || now < d->due)
		return DHCP_NOTHING;
	if (d->state == DHCP_WAITING)
		exchange_begin(d, DHCP_SELECTING, now);
	switch (d->state) {
	case DHCP_SELECTING: return discover_tick(d, now);
	case DHCP_REQUESTING: return request_tick(d, now);
	case DHCP_PROBING: return probe_tick(d, now);
	}
	request_make(d, DHCP_DECLINE, true, now);
	enter(d, DHCP_WAITING, now + DECLINED_NS);
	return DHCP_SEND;
}
