/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Event ports. Nothing interrupts a thread: pending ports are looked at when a thread yields or blocks, by the idle
 * loop, and when event_poll() is called.
 *
 * A callback therefore runs in the context of the idle loop or of a thread that polls, never in an upcall. It must not
 * block (no mutex, no waitq_wait, no blocking read); it may wake threads, post semaphores and send events.
 */
#ifndef CAMBIUM_EVENT_H
#define CAMBIUM_EVENT_H

#include <stdbool.h>

/* From now on calls @fn(port, arg) when @port fired, once for any number of notifications since the last call. Replaces
 * what was registered. What was already pending is delivered. Returns 0, -EINVAL (no such port) or -ENOMEM. */
int event_on(unsigned port, void (*fn)(unsigned port, void *arg), void *arg);

/* No callback for @port any more; what arrives is forgotten. The port stays open (hc_event_close). */
void event_off(unsigned port);

/* Dispatches everything that is pending. Returns whether there was anything. A few instructions when there was not.
 * Called from a callback it does nothing and returns false. */
bool event_poll(void);

/* True inside a callback: where blocking is forbidden. */
bool event_in_callback(void);

#endif
