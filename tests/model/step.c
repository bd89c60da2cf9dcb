/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One transition with its checks: a refusal changes nothing but caution: what it took and gave back again may have
 * left a younger stamp, a last type or a free frame unscrubbed, which costs a flush or a scrub at most and is followed as a state of its own; what asks for a flush has changed nothing either, and asks once; a frame comes to
 * its owner zeroed, or moves with its contents, and no TLB knows it then.
 */
#include "model.h"

#include <stdarg.h>
#include <string.h>

#include <vmm/core/domain.h>
#include <vmm/core/frame.h>

static struct model *current;

void panic_at(const char *file, int line, const char *what)
{
	model_violation(current, "CHECK(%s) at %s:%d", what, file, line);
}

void model_violation(struct model *m, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(m->violation, sizeof m->violation, format, args);
	va_end(args);
	longjmp(m->out, 1);
}

static void unchanged(struct model *m, const struct packed *before, const char *what)
{
	struct packed now;

	state_pack(m, &now);
	if (now.caution != before->caution || memcmp(now.bytes, before->bytes, now.caution))
		model_violation(m, "%s, and something changed", what);
	m->moved |= now.len != before->len || memcmp(now.bytes, before->bytes, now.len);
}

static void check_owners(struct model *m, const uint32_t *owners)
{
	static const uint8_t zero[PAGE_SIZE];

	for (mfn_t f = 0; f < m->w.frame_limit; f++) {
		uint32_t was = owners[f], is = m->frames[f].owner;

		if (was == is)
			continue;
		if (m->text[f] && domain_find(&m->w, was) && domain_find(&m->w, was)->state != DOMAIN_DEAD)
			model_violation(m, "frame %lu, text of sealed domain %x, left it", f, was);
		m->text[f] = 0;
		if (is == OWNER_FREE || (is == OWNER_HYPERVISOR && was != OWNER_FREE))
			continue;
		if (ghost_known(m, f))
			model_violation(m, "frame %lu went from %x to %x while a TLB knows it as %x", f, was, is,
					ghost_known(m, f));
		if (was == OWNER_FREE && is != OWNER_HYPERVISOR && memcmp(world_page(&m->w, f), zero, PAGE_SIZE))
			model_violation(m, "frame %lu came to %x with what its last owner left in it", f, is);
	}
}

/* A domain comes to have more frames within its target only. */
static void check_charges(struct model *m, const uint64_t *charges)
{
	for (unsigned slot = 1; slot < MODEL_SLOTS; slot++) {
		const struct domain *d = model_domain(m, slot);

		if (d && frame_charge(d) > charges[slot] && frame_charge(d) > d->frame_target)
			model_violation(m, "domain %u came to have %lu frames, its target is %lu", slot,
					frame_charge(d), d->frame_target);
	}
}

static bool progress(const struct op *o, enum abi_error e)
{
	return e == HC_EAGAIN && (o->kind == OP_RELEASE || o->kind == OP_UNPIN || o->kind == OP_DROP);
}

enum step model_step(struct model *m, const struct op *o, const struct packed *before)
{
	uint32_t owners[MODEL_FRAMES];
	uint64_t charges[MODEL_SLOTS] = {0};
	struct packed flushed;
	enum abi_error e;

	current = m;
	m->moved = false;
	for (mfn_t f = 0; f < m->w.frame_limit; f++)
		owners[f] = m->frames[f].owner;
	for (unsigned slot = 1; slot < MODEL_SLOTS; slot++)
		charges[slot] = model_domain(m, slot) ? frame_charge(model_domain(m, slot)) : 0;
	e = op_perform(m, o);
	if (e == OP_DISABLED)
		return STEP_DISABLED;
	if (e == CORE_FLUSH_FIRST) {
		if (before)
			unchanged(m, before, "a flush was asked for");
		ghost_flush_all(m);
		if (before)
			state_pack(m, &flushed);
		before = before ? &flushed : NULL;
		m->moved = true;
		e = op_perform(m, o);
		if (e == CORE_FLUSH_FIRST)
			model_violation(m, "a flush led to another");
		if (e == OP_DISABLED)
			return STEP_REFUSED;
	}
	if (e != HC_OK && !progress(o, e)) {
		bool moved = m->moved;

		m->moved = false;
		if (before)
			unchanged(m, before, abi_error_text(e));
		if (!m->moved || moved) {
			m->moved = moved;
			return STEP_REFUSED;
		}
	}
	m->moved = true;
	check_owners(m, owners);
	check_charges(m, charges);
	ghost_fill(m);
	return STEP_DONE;
}
