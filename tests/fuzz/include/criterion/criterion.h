/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stands in for Criterion when the oracle of the unit tests (tests/unit/vmm_world.c, vmm_recount.c) is linked into a
 * fuzzer, or a test into a program that ThreadSanitizer watches: an assertion that fails says where and aborts, which is what a fuzzer calls a finding.
 */
#ifndef CAMBIUM_TESTS_FUZZ_CRITERION_H
#define CAMBIUM_TESTS_FUZZ_CRITERION_H

_Noreturn void fuzz_failed(const char *file, int line, const char *what, const char *format, ...);

#define cr_assert(c, ...) ((c) ? (void)0 : fuzz_failed(__FILE__, __LINE__, #c, "" __VA_ARGS__))
#define Test(suite, name)                                                                                              \
	void suite##_##name(void);                                                                                     \
	void suite##_##name(void)
#define cr_assert_not(c, ...) cr_assert(!(c), __VA_ARGS__)
#define cr_assert_eq(a, b, ...) cr_assert((a) == (b), __VA_ARGS__)
#define cr_assert_neq(a, b, ...) cr_assert((a) != (b), __VA_ARGS__)
#define cr_assert_gt(a, b, ...) cr_assert((a) > (b), __VA_ARGS__)
#define cr_assert_not_null(a, ...) cr_assert((a) != 0, __VA_ARGS__)
#define cr_assert_null(a, ...) cr_assert((a) == 0, __VA_ARGS__)

#endif
