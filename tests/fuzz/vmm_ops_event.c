/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations of event channels. */
#include "vmm_ops.h"

#include <string.h>

static uint32_t any_port(struct vmm_run *t)
{
	uint32_t v = fuzz_byte(&t->in);

	return v < 250 ? v % 12 : EVENT_PORT_MAX - 3 + v % 6;
}

static bool pending(const struct domain *d, uint32_t port)
{
	return d->shared->pending[port / 64] >> port % 64 & 1;
}

enum abi_error op_port_alloc(struct vmm_run *t)
{
	const struct domain *peer = any_alive(t);
	enum abi_error e;
	uint32_t port = 0;

	/* Ports beyond the first page of them. */
	if (!pick(t, 8))
		t->d->port_hint = any_port(t);
	FLUSHING(t, e, event_alloc(t->w, t->d, PORT_WAITING, peer->id, 0, 0, &port));
	if (e == HC_OK)
		cr_assert(port && !pending(t->d, port));
	return e;
}

enum abi_error op_port_bind(struct vmm_run *t)
{
	struct domain *peer = any_alive(t);
	uint32_t port = 0, theirs = any_port(t);
	enum abi_error e;

	FLUSHING(t, e, event_bind(t->w, t->d, peer, theirs, 0, &port));
	return e;
}

enum abi_error op_port_pair(struct vmm_run *t)
{
	struct domain *peer = any_alive(t);
	uint32_t a = 0, b = 0;
	enum abi_error e;

	FLUSHING(t, e, event_pair(t->w, t->d, peer, &a, &b));
	return e;
}

enum abi_error op_port_close(struct vmm_run *t)
{
	return event_close(t->w, t->d, any_port(t));
}

enum abi_error op_port_virq(struct vmm_run *t)
{
	uint32_t virq = pick(t, VIRQ_MAX), port = 0;
	enum abi_error e;

	if (t->d->vcpu.virq_port[virq]) {
		event_raise_virq(t->w, t->d, virq);
		cr_assert(pending(t->d, t->d->vcpu.virq_port[virq]));
		return HC_OK;
	}
	FLUSHING(t, e, event_alloc(t->w, t->d, PORT_VIRQ, DOMID_NONE, virq, 0, &port));
	if (e == HC_OK)
		t->d->vcpu.virq_port[virq] = port;
	return e;
}

enum abi_error op_port_send(struct vmm_run *t)
{
	uint32_t port = any_port(t);
	const struct port *p = event_port(t->d, port);
	enum abi_error e = event_send(t->w, t->d, port);

	if (e == HC_OK && p->state == PORT_CONNECTED)
		cr_assert(pending(domain_find(t->w, p->peer), p->peer_port), "an event was lost");
	return e;
}

/* The guest owns the page with the bits: it masks, clears, or writes rubbish. */
enum abi_error op_port_unmask(struct vmm_run *t)
{
	uint32_t port = any_port(t), way = fuzz_byte(&t->in);

	if (way & 1)
		t->d->shared->masked[way % 64] ^= way;
	if (way & 2)
		t->d->shared->pending[way % 64] ^= way;
	if (way & 4)
		t->d->shared->vcpu[0].upcall_pending = (uint8_t)way;
	return event_unmask(t->w, t->d, port) == HC_OK || way & 7 ? HC_OK : HC_EPORT;
}
