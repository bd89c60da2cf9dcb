/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv6 in a plan. Not for others than plan_check.c and device_area.c. */
#ifndef CAMBIUM_CONTROL_PLAN_NET6_H
#define CAMBIUM_CONTROL_PLAN_NET6_H

#include <abi/device.h>
#include <abi/plan.h>
#include <stdbool.h>

/* Is @net wholly zero: no IPv6? */
bool net6_absent(const struct plan_net6 *net);

/*
 * May an uplink, or a link whose front has @mac, have @net: both ends hosts of the prefix, an uplink's gateway also
 * link-local or absent, or it has nothing but autoconf; with autoconf of a link the front's address the one that it makes itself (RFC 4291 appendix A)?
 */
bool net6_valid_uplink(const struct plan_net6 *net);
bool net6_valid_link(const struct plan_net6 *net, const uint8_t mac[6]);

/* Do the two have an address in common? Not where one is absent. */
bool net6_overlap(const struct plan_net6 *a, const struct plan_net6 *b);

/* @net as a device entry has it. */
struct device_net6 net6_device(const struct plan_net6 *net);

#endif
