/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Typed guest stubs hc_x() for every row of abi/hypercall.def. Each is a call of the hypercall page, so the same image
 * runs under any host that provides that page. Results as in the table: >= 0, or -HC_x (abi/error.h).
 */
#ifndef CAMBIUM_HYPERCALL_H
#define CAMBIUM_HYPERCALL_H

#include <abi/hypercall.h>

static inline int64_t hypercall4(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	register uint64_t r10 __asm__("r10") = d;

	__asm__ volatile("call %P[page]"
			 : "+a"(number), "+D"(a), "+S"(b), "+d"(c), "+r"(r10)
			 : [page] "i"(HYPERCALL_VA)
			 : "rcx", "r8", "r9", "r11", "cc", "memory");
	return (int64_t)number;
}

/* An argument of the table, pasted behind HC_DECL_ or HC_PASS_, becomes its declaration or its value. */
#define HC_DECL_VAL(type, name) type name
#define HC_DECL_IN(type, name) const type *name
#define HC_DECL_OUT(type, name) type *name
#define HC_DECL_READ(type, name) const type *name
#define HC_DECL_WRITE(type, name) type *name
#define HC_DECL_DOMAIN(state, name) uint32_t name
#define HC_DECL_TO(state, type, name) const type *name
#define HC_DECL_DEVICE(whose, name) uint32_t name
#define HC_PASS_VAL(type, name) (uint64_t)(name)
#define HC_PASS_IN(type, name) (uint64_t)(name)
#define HC_PASS_OUT(type, name) (uint64_t)(name)
#define HC_PASS_READ(type, name) (uint64_t)(name)
#define HC_PASS_WRITE(type, name) (uint64_t)(name)
#define HC_PASS_DOMAIN(state, name) (uint64_t)(name)
#define HC_PASS_TO(state, type, name) (uint64_t)(name)
#define HC_PASS_DEVICE(whose, name) (uint64_t)(name)

#define HC0(n, capability, name)                                                                                       \
	static inline int64_t hc_##name(void)                                                                          \
	{                                                                                                              \
		return hypercall4(n, 0, 0, 0, 0);                                                                      \
	}
#define HC1(n, capability, name, a)                                                                                    \
	static inline int64_t hc_##name(HC_DECL_##a)                                                                   \
	{                                                                                                              \
		return hypercall4(n, HC_PASS_##a, 0, 0, 0);                                                            \
	}
#define HC2(n, capability, name, a, b)                                                                                 \
	static inline int64_t hc_##name(HC_DECL_##a, HC_DECL_##b)                                                      \
	{                                                                                                              \
		return hypercall4(n, HC_PASS_##a, HC_PASS_##b, 0, 0);                                                  \
	}
#define HC3(n, capability, name, a, b, c)                                                                              \
	static inline int64_t hc_##name(HC_DECL_##a, HC_DECL_##b, HC_DECL_##c)                                         \
	{                                                                                                              \
		return hypercall4(n, HC_PASS_##a, HC_PASS_##b, HC_PASS_##c, 0);                                        \
	}
#define HC4(n, capability, name, a, b, c, d)                                                                           \
	static inline int64_t hc_##name(HC_DECL_##a, HC_DECL_##b, HC_DECL_##c, HC_DECL_##d)                            \
	{                                                                                                              \
		return hypercall4(n, HC_PASS_##a, HC_PASS_##b, HC_PASS_##c, HC_PASS_##d);                              \
	}
#include <abi/hypercall.def>

#endif
