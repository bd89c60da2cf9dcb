/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtual network interface's back end as a whole: from its entry in the device page (DEVICE_NET_BACK, abi/device.h)
 * to rings in use, through the front's death and return.
 */
#ifndef CAMBIUM_NET_NETBACK_H
#define CAMBIUM_NET_NETBACK_H

#include <abi/device.h>

#include "netback_rings.h"

enum netback_state {
	NETBACK_CLOSED,   /* nobody there */
	NETBACK_WAITING,  /* mapped; the front has not reset its rings for this generation yet */
	NETBACK_OPEN,     /* in use */
	NETBACK_DETACHED, /* unmapped because of what the front did, or since it could not be mapped; why says it */
};

struct netback {
	enum netback_state state;
	struct device_entry entry; /* as last taken over; generation 0: never */
	const char *why;           /* why it is DETACHED */
	void *pages, *pool;        /* mapped while WAITING or OPEN */
	void (*wake)(void *arg);   /* set by the owner before the first update: called when the front notified */
	void *wake_arg;
	struct netback_rings rings; /* to be used while OPEN only */
};

/*
 * Takes over @entry, a snapshot of the device page. False, and nothing done, when it is the one known already. Else the
 * old front's memory is unmapped, its port is closed, and the new one's mapped if there is one: the state is CLOSED,
 * WAITING or DETACHED afterwards.
 */
bool netback_update(struct netback *back, const struct device_entry *entry);

/*
 * True when the rings may be used now, that is while the front keeps the epoch of this generation in its first ring:
 * the state is OPEN then, else WAITING. Ask before each use of the rings after a sleep.
 */
bool netback_is_ready(struct netback *back);

/* Unmaps the front's memory, because of @why (a static text), until its generation changes. */
void netback_detach(struct netback *back, const char *why);

/* netback_publish() and the notification, when it is needed. */
void netback_flush(struct netback *back);

#endif
