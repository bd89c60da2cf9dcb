/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Handlers of the hypercalls: do_x() for each row of abi/hypercall.def, whose arguments the dispatcher has decoded. They check
 * everything and change nothing, then have a core function do it. Results as in the table.
 */
#pragma once

#include "cpu.h"
#include "pci.h"
#include "uaccess.h"

#define HC_TAKE_VAL(type, name) type name
#define HC_TAKE_IN(type, name) const type *name
#define HC_TAKE_OUT(type, name) type *name
#define HC_TAKE_READ(type, name) guest_va_t name
#define HC_TAKE_WRITE(type, name) guest_va_t name
#define HC_TAKE_DOMAIN(state, name) struct domain *name
#define HC_TAKE_TO(state, type, name) struct domain *domid, const type *name
#define HC_TAKE_DEVICE(whose, name) struct pci_function *name
#define HC0(n, capability, name) int64_t do_##name(struct vcpu *v);
#define HC1(n, capability, name, a) int64_t do_##name(struct vcpu *v, HC_TAKE_##a);
#define HC2(n, capability, name, a, b) int64_t do_##name(struct vcpu *v, HC_TAKE_##a, HC_TAKE_##b);
#define HC3(n, capability, name, a, b, c) int64_t do_##name(struct vcpu *v, HC_TAKE_##a, HC_TAKE_##b, HC_TAKE_##c);
#define HC4(n, capability, name, a, b, c, d)                                                                           \
	int64_t do_##name(struct vcpu *v, HC_TAKE_##a, HC_TAKE_##b, HC_TAKE_##c, HC_TAKE_##d);
#include <abi/hypercall.def>
/* Each is told who calls, and not each needs it. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

/*
 * Gives @d, or for NULL the image @image (as text or as data), up to @count frames (at most POPULATE_MAX, which is MEMORY_MAX)
 * and their numbers to @mfns: how many, or -HC_x.
 */
int64_t call_populate(struct domain *d, uint32_t image, bool text, guest_va_t mfns, uint32_t count);
/* Copies from the caller's memory into the frame that @c names, which has been checked: 0, or -HC_x. */
int64_t call_write(const struct domain_copy *c);
