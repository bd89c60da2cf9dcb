/* SPDX-License-Identifier: BSD-2-Clause */
/* Event channels: ports of a domain, connected in pairs, to virtual interrupts or to a device's interrupts. */
#pragma once

#include "world.h"

/* The port of @d with that number, or NULL when it is out of range or free. */
struct port *event_port(const struct domain *d, uint32_t port);

/* A new port in @state, numbered from 1. HC_ENOPORT, HC_ENOMEM, CORE_FLUSH_FIRST. */
enum abi_error event_alloc(struct world *w, struct domain *d, enum port_state state, uint32_t peer, uint32_t peer_port,
			   uint32_t vcpu, uint32_t *port);
/* Connects a new port of @d to waiting port @peer_port of @peer. HC_EPORT. */
enum abi_error event_bind(struct world *w, struct domain *d, struct domain *peer, uint32_t peer_port, uint32_t vcpu,
			  uint32_t *port);
/* Connects new ports of two domains. */
enum abi_error event_pair(struct world *w, struct domain *a, struct domain *b, uint32_t *port_a, uint32_t *port_b);
/* Closes a port; its peer becomes an orphan that swallows what is sent. HC_EPORT. */
enum abi_error event_close(struct world *w, struct domain *d, uint32_t port);
/* Closes all ports of a dying domain. */
void event_close_all(struct world *w, struct domain *d);
/* Makes the other end of @port pending. HC_EPORT: not an inter-domain port. */
enum abi_error event_send(struct world *w, struct domain *d, uint32_t port);
/* The vCPU that an event sent to @port goes to, and its port; NULL: none. */
struct vcpu *event_receiver(const struct world *w, const struct domain *d, uint32_t port, uint32_t *peer_port);
/* Makes @port of @d itself pending. */
void event_raise(struct world *w, struct domain *d, uint32_t port);
/* Raises virtual interrupt @virq of @d where it is bound. */
void event_raise_virq(struct world *w, struct domain *d, uint32_t virq);
/* Clears the mask bit and delivers what is pending. HC_EPORT. */
enum abi_error event_unmask(struct world *w, struct domain *d, uint32_t port);
/* Frees the tables of a dead domain. */
void event_free_tables(struct world *w, struct domain *d);
