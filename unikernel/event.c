/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dispatch of events to callbacks. Ports that fire before anybody asked for them are remembered in `unclaimed` and fire
 * again when somebody does. Callbacks are kept per word of 64 ports, allocated when first needed. While a callback runs,
 * `dispatching` holds, and event_poll does not nest.
 */
#include <errno.h>
#include <stdlib.h>

#include <cambium/event.h>
#include <cambium/hypercall.h>

#include "core/pending.h"
#include "runtime.h"

struct callback {
	void (*fn)(unsigned port, void *arg);
	void *arg;
};

static struct callback *callbacks[EVENT_WORDS]; /* each NULL or an array of 64 */
static uint64_t unclaimed[EVENT_WORDS];
static bool dispatching;

int event_on(unsigned port, void (*fn)(unsigned, void *), void *arg)
{
	unsigned word = port / 64;
	uint64_t bit = 1ull << (port % 64);

	if (port >= EVENT_PORT_MAX)
		return -EINVAL;
	if (!callbacks[word])
		callbacks[word] = calloc(64, sizeof **callbacks);
	if (!callbacks[word])
		return -ENOMEM;
	callbacks[word][port % 64] = (struct callback){.fn = fn, .arg = arg};
	if (pending_mask(SHARED_INFO, port, false))
		hc_event_unmask(port);
	if (unclaimed[word] & bit) {
		unclaimed[word] &= ~bit;
		pending_post(SHARED_INFO, 0, port);
	}
	return 0;
}

void event_off(unsigned port)
{
	if (port >= EVENT_PORT_MAX || !callbacks[port / 64])
		return;
	pending_mask(SHARED_INFO, port, true);
	callbacks[port / 64][port % 64] = (struct callback){0};
	unclaimed[port / 64] &= ~(1ull << (port % 64));
}

static void deliver(unsigned port)
{
	struct callback *row = callbacks[port / 64];

	if (row && row[port % 64].fn)
		row[port % 64].fn(port, row[port % 64].arg);
	else
		unclaimed[port / 64] |= 1ull << (port % 64);
}

bool event_in_callback(void)
{
	return dispatching;
}

bool event_poll(void)
{
	bool any = false;

	if (dispatching || !pending_any(SHARED_INFO, 0))
		return false;
	dispatching = true;
	for (uint64_t words = pending_select(SHARED_INFO, 0); words; words &= words - 1) {
		unsigned word = (unsigned)__builtin_ctzll(words);

		for (uint64_t ports = pending_take(SHARED_INFO, word); ports; ports &= ports - 1) {
			any = true;
			deliver(word * 64 + (unsigned)__builtin_ctzll(ports));
		}
	}
	dispatching = false;
	return any;
}
