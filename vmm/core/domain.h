/* SPDX-License-Identifier: BSD-2-Clause */
/* Domains: identity, life and the bounded return of everything that one held. */
#pragma once

#include "world.h"

/* The domain of that id (not DOMID_SELF), NULL when there is none or the id is of an older generation. */
struct domain *domain_find(const struct world *w, domid_t id);

/*
 * A domain under construction in slot c->slot. HC_ENOSLOT, HC_EINVAL, HC_ENOMEM, CORE_FLUSH_FIRST. @c is the caller's
 * checked copy. The vCPU's FPU page and the shared-info page exist afterwards; the latter is the domain's own, typed
 * writable for its life.
 */
enum abi_error domain_create(struct world *w, const struct domain_create *c, struct domain **out);

/*
 * Ends the domain: no event reaches it any more, its ports are closed, its state is kept. The caller has taken its vCPU
 * off the CPU and quiesced its devices.
 */
void domain_end(struct world *w, struct domain *d, enum domain_reason reason, uint32_t code);

/*
 * Frees what a dead domain holds, a bounded piece a call: HC_EAGAIN until it is gone (HC_OK; @d is invalid then).
 * Order: grant mappings, what devices reached, page tables, grants, frames, the image, the record.
 */
enum abi_error domain_release(struct world *w, struct domain *d);
