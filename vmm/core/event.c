/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Event channels. Invariants: a CONNECTED port's peer is a CONNECTED port that names it back, except that both ends of a
 * pair may lie in one domain; a bound virq names a port of state PORT_VIRQ that names the virq. The shared-info page is
 * hostile: the hypervisor only sets bits in it, atomically, and acts on what it found by waking, which is harmless.
 *
 * Sending and unmasking change nothing else, so they may run on several CPUs at once, and while somebody who has the world
 * opens and closes ports: at worst an event arrives at a port that has just got another meaning, as a spurious one.
 */
#include "event.h"

#include "domain.h"
#include "frame.h"

struct port *event_port(const struct domain *d, uint32_t port)
{
	struct port *p;

	if (port >= EVENT_PORT_MAX || !d->ports[port / PORTS_PER_PAGE])
		return NULL;
	p = &d->ports[port / PORTS_PER_PAGE][port % PORTS_PER_PAGE];
	return p->state == PORT_FREE ? NULL : p;
}

/* A free port of @d but @other into *@port; its table grows for it, and nothing else changes. */
static enum abi_error port_find(struct world *w, struct domain *d, uint32_t other, uint32_t *port)
{
	for (uint32_t i = 0; i < EVENT_PORT_MAX; i++) {
		uint32_t n = (d->port_hint + i) % EVENT_PORT_MAX, page = n / PORTS_PER_PAGE;

		if (!n || n == other)
			continue;
		if (!d->ports[page]) {
			enum abi_error e = frame_alloc_table(w, d, (void **)&d->ports[page]);
			if (e != HC_OK)
				return e;
		}
		if (d->ports[page][n % PORTS_PER_PAGE].state != PORT_FREE)
			continue;
		*port = n;
		return HC_OK;
	}
	return HC_ENOPORT;
}

static void port_take(struct domain *d, uint32_t n, struct port port)
{
	uint64_t bit = 1ull << n % 64;

	d->ports[n / PORTS_PER_PAGE][n % PORTS_PER_PAGE] = port;
	__atomic_fetch_and(&d->shared->pending[n / 64], ~bit, __ATOMIC_SEQ_CST);
	__atomic_fetch_and(&d->shared->masked[n / 64], ~bit, __ATOMIC_SEQ_CST);
	d->port_count++;
	d->port_hint = n + 1;
}

enum abi_error event_alloc(struct world *w, struct domain *d, enum port_state state, uint32_t peer, uint32_t peer_port,
			   uint32_t vcpu, uint32_t *port)
{
	enum abi_error e = port_find(w, d, 0, port);

	if (e == HC_OK)
		port_take(
			d, *port,
			(struct port){
				.state = (uint8_t)state, .vcpu = (uint8_t)vcpu, .peer = peer, .peer_port = peer_port});
	return e;
}

enum abi_error event_bind(struct world *w, struct domain *d, struct domain *peer, uint32_t peer_port, uint32_t vcpu,
			  uint32_t *port)
{
	struct port *p = event_port(peer, peer_port);
	enum abi_error e;

	if (!p || p->state != PORT_WAITING || p->peer != d->id)
		return HC_EPORT;
	e = event_alloc(w, d, PORT_CONNECTED, peer->id, peer_port, vcpu, port);
	if (e != HC_OK)
		return e;
	p->state = PORT_CONNECTED;
	p->peer_port = *port;
	return HC_OK;
}

enum abi_error event_pair(struct world *w, struct domain *a, struct domain *b, uint32_t *port_a, uint32_t *port_b)
{
	uint64_t tables = a->table_count;
	enum abi_error e = port_find(w, a, 0, port_a);

	if (e != HC_OK)
		return e;
	e = port_find(w, b, a == b ? *port_a : 0, port_b);
	if (e == HC_OK) {
		port_take(a, *port_a, (struct port){.state = PORT_CONNECTED, .peer = b->id, .peer_port = *port_b});
		port_take(b, *port_b, (struct port){.state = PORT_CONNECTED, .peer = a->id, .peer_port = *port_a});
	} else if (a->table_count > tables) {
		struct port **page = &a->ports[*port_a / PORTS_PER_PAGE];

		frame_free_table(w, a, *page);
		*page = NULL;
	}
	return e;
}

enum abi_error event_close(struct world *w, struct domain *d, uint32_t port)
{
	struct port *p = event_port(d, port);

	if (!p)
		return HC_EPORT;
	if (p->state == PORT_CONNECTED) {
		struct domain *peer = domain_find(w, p->peer);
		struct port *q = peer ? event_port(peer, p->peer_port) : NULL;

		if (q && q->state == PORT_CONNECTED && q->peer == d->id && q->peer_port == port)
			q->state = PORT_ORPHAN;
	}
	if (p->state == PORT_VIRQ)
		domain_vcpu(d, p->vcpu)->virq_port[p->peer_port] = 0;
	*p = (struct port){.state = PORT_FREE};
	d->port_count--;
	d->port_hint = MIN(d->port_hint, port);
	return HC_OK;
}

void event_close_all(struct world *w, struct domain *d)
{
	for (uint32_t n = 1; d->port_count && n < EVENT_PORT_MAX; n++)
		if (event_port(d, n))
			event_close(w, d, n);
}

static inline void notify_vcpu(struct world *w, struct domain *d, uint32_t vcpu, uint32_t port)
{
	struct vcpu_shared *s = &d->shared->vcpu[vcpu];

	__atomic_fetch_or(&s->pending_sel, 1ull << port / 64, __ATOMIC_SEQ_CST);
	if (!__atomic_exchange_n(&s->upcall_pending, 1, __ATOMIC_SEQ_CST))
		w->wake(domain_vcpu(d, vcpu));
}

void event_raise(struct world *w, struct domain *d, uint32_t port)
{
	uint64_t bit = 1ull << port % 64;
	const struct port *p = event_port(d, port);

	/* Ports come and go while others send. */
	if (!p || d->state == DOMAIN_DEAD)
		return;
	if (__atomic_fetch_or(&d->shared->pending[port / 64], bit, __ATOMIC_SEQ_CST) & bit)
		return;
	if (__atomic_load_n(&d->shared->masked[port / 64], __ATOMIC_SEQ_CST) & bit)
		return;
	notify_vcpu(w, d, p->vcpu, port);
}

enum abi_error event_send(struct world *w, struct domain *d, uint32_t port)
{
	const struct port *p = event_port(d, port);
	struct domain *peer;

	if (!p || p->state != PORT_CONNECTED)
		return p && (p->state == PORT_ORPHAN || p->state == PORT_WAITING) ? HC_OK : HC_EPORT;
	peer = domain_find(w, p->peer);
	if (peer)
		event_raise(w, peer, p->peer_port);
	return HC_OK;
}

struct vcpu *event_receiver(const struct world *w, const struct domain *d, uint32_t port, uint32_t *peer_port)
{
	const struct port *p = event_port(d, port), *q;
	struct domain *peer = p && p->state == PORT_CONNECTED ? domain_find(w, p->peer) : NULL;

	q = peer ? event_port(peer, *peer_port = p->peer_port) : NULL;
	return q ? domain_vcpu(peer, q->vcpu) : NULL;
}

void event_raise_virq(struct world *w, struct domain *d, uint32_t virq)
{
	struct vcpu *v;

	EACH_VCPU(v, d)
	event_raise(w, d, v->virq_port[virq]);
}

enum abi_error event_unmask(struct world *w, struct domain *d, uint32_t port)
{
	uint64_t bit = 1ull << port % 64;
	const struct port *p = event_port(d, port);

	if (!p)
		return HC_EPORT;
	__atomic_fetch_and(&d->shared->masked[port / 64], ~bit, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&d->shared->pending[port / 64], __ATOMIC_SEQ_CST) & bit)
		notify_vcpu(w, d, p->vcpu, port);
	return HC_OK;
}

void event_free_tables(struct world *w, struct domain *d)
{
	CHECK(!d->port_count);
	for (uint32_t i = 0; i < PORT_PAGES; i++)
		frame_free_table(w, d, d->ports[i]);
}
