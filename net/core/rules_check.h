/* SPDX-License-Identifier: BSD-2-Clause */
/* The two halves of rules_check(). Not for others. */
#ifndef CAMBIUM_NET_CORE_RULES_CHECK_H
#define CAMBIUM_NET_CORE_RULES_CHECK_H

#include "rules.h"

/* Are the @len bytes at @data all zero? */
bool rules_bytes_are_zero(const void *data, size_t len);

/*
 * Check prefixes, tuples, groups, ranges and slots of @table, whose other parts are right. The error, and in @index
 * which of its kind. What is used of RULES_FEATURE_x is added to *@used.
 */
enum rules_error rules_check_lookup(const struct rules_table *table, const struct rules_pause *pause, uint32_t *used,
				    uint32_t *index);

#endif
