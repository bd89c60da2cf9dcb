/* SPDX-License-Identifier: BSD-2-Clause */
/* Event-channel hypercalls. */
#include "calls.h"
#include "core/domain.h"
#include "core/event.h"
#include "device.h"

static int64_t port_or_error(enum abi_error e, uint32_t port)
{
	return e == HC_OK ? (int64_t)port : -(int64_t)e;
}

/* The domain named by @domid, DOMID_SELF included, when it is alive. */
static struct domain *alive(struct vcpu *v, uint32_t domid)
{
	struct domain *d = domid == DOMID_SELF ? v->domain : domain_find(&world, domid);

	return d && d->state != DOMAIN_DEAD ? d : NULL;
}

int64_t do_event_alloc(struct vcpu *v, uint32_t peer, uint32_t vcpu)
{
	struct domain *d = alive(v, peer);
	uint32_t port = 0;
	enum abi_error e;

	if (!d)
		return -HC_ENODOM;
	if (vcpu != v->id)
		return -HC_EINVAL;
	WITH_FLUSH(e, event_alloc(&world, v->domain, PORT_WAITING, d->id, 0, vcpu, &port));
	return port_or_error(e, port);
}

int64_t do_event_bind(struct vcpu *v, uint32_t peer, uint32_t peer_port, uint32_t vcpu)
{
	struct domain *d = alive(v, peer);
	uint32_t port = 0;
	enum abi_error e;

	if (!d)
		return -HC_ENODOM;
	if (vcpu != v->id)
		return -HC_EINVAL;
	WITH_FLUSH(e, event_bind(&world, v->domain, d, peer_port, vcpu, &port));
	return port_or_error(e, port);
}

int64_t do_event_bind_virq(struct vcpu *v, uint32_t virq, uint32_t vcpu)
{
	uint32_t port = 0;
	enum abi_error e;

	if (virq >= VIRQ_MAX || vcpu != v->id)
		return -HC_EINVAL;
	if ((virq == VIRQ_DOMAIN && !(v->domain->capabilities & CAP_DOMAIN)) ||
	    (virq == VIRQ_CONSOLE && !(v->domain->capabilities & CAP_CONSOLE)))
		return -HC_EPERM;
	if (v->virq_port[virq])
		return -HC_EBUSY;
	WITH_FLUSH(e, event_alloc(&world, v->domain, PORT_VIRQ, DOMID_NONE, virq, vcpu, &port));
	if (e == HC_OK)
		v->virq_port[virq] = port;
	return port_or_error(e, port);
}

int64_t do_event_send(struct vcpu *v, uint32_t port)
{
	return -(int64_t)event_send(&world, v->domain, port);
}

int64_t do_event_close(struct vcpu *v, uint32_t port)
{
	const struct port *p = event_port(v->domain, port);

	if (p && p->state == PORT_DEVICE)
		device_unbind(p);
	return -(int64_t)event_close(&world, v->domain, port);
}

int64_t do_event_unmask(struct vcpu *v, uint32_t port)
{
	return -(int64_t)event_unmask(&world, v->domain, port);
}

int64_t do_event_pair(struct vcpu *v, guest_va_t pair)
{
	struct event_pair p;
	struct domain *a, *b;
	enum abi_error e;

	if (!copy_from_guest(&p, pair, sizeof p) || !copy_to_guest(pair, &p, sizeof p))
		return -HC_EFAULT;
	a = alive(v, p.a);
	b = alive(v, p.b);
	if (!a || !b)
		return -HC_ENODOM;
	WITH_FLUSH(e, event_pair(&world, a, b, &p.port_a, &p.port_b));
	if (e == HC_OK && !copy_to_guest(pair, &p, sizeof p))
		e = HC_EFAULT;
	return -(int64_t)e;
}
