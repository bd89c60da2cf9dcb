/* SPDX-License-Identifier: BSD-2-Clause */
/* The device page (abi/device.h): what devices this domain has. Read-only memory that its owner may change at any time:
 * every value is copied out under the entry's seqlock and only then looked at. */
#ifndef CAMBIUM_DEVICE_H
#define CAMBIUM_DEVICE_H

#include <stdbool.h>

#include <abi/device.h>

/* How many entries there are; fixed for the domain's life, at most DEVICE_ENTRY_MAX, 0 without a device page. */
unsigned device_count(void);

/* A consistent snapshot of entry @i. False: no such entry, it is DEVICE_NONE, or it kept changing. out->name is
 * NUL-terminated. The watcher is called when it changes again. */
bool device_read(unsigned i, struct device_entry *out);

/* Calls @fn(arg) whenever an entry changed, as an event callback (cambium/event.h). Up to eight watchers; -ENOSPC. */
int device_watch(void (*fn)(void *), void *arg);

#endif
