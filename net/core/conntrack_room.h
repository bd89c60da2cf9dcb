/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lists of flows, and who goes when there is no room. Only for conntrack.c.
 */
#ifndef CAMBIUM_NET_CORE_CONNTRACK_ROOM_H
#define CAMBIUM_NET_CORE_CONNTRACK_ROOM_H

#include "conntrack.h"

/* Flow number @index, whose iface and list are set, becomes the newest of its list; leaves it. */
void flow_list_append(struct conntrack *ct, uint32_t index);
void flow_list_remove(struct conntrack *ct, uint32_t index);

static inline bool flow_list_is_newest(const struct conntrack *ct, uint32_t index)
{
	return ct->flows[index].newer == FLOW_NONE;
}

/* The list for @flow, whose tuples, iface and class are set. */
uint8_t flow_list_choose(const struct conntrack *ct, const struct flow *flow, uint64_t now);

/* @flow begins to be half-open, whose iface and list are set; ceases to be. */
void half_open_enter(struct conntrack *ct, const struct flow *flow);
void half_open_leave(struct conntrack *ct, const struct flow *flow);

/* Make room for one more flow like @flow, whose iface, class and list are set: REASON_NONE, or why there is none. */
enum reason conntrack_make_room(struct conntrack *ct, const struct flow *flow);

/* Likewise, without anybody's going for it. */
enum reason conntrack_find_room(const struct conntrack *ct, const struct flow *flow);

#endif
