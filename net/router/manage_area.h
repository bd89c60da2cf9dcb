/* SPDX-License-Identifier: BSD-2-Clause */
/* The router's end of the management area (abi/manage.h): messages in and out, and waiting for them. */
#ifndef CAMBIUM_ROUTER_MANAGE_AREA_H
#define CAMBIUM_ROUTER_MANAGE_AREA_H

#include <stdbool.h>
#include <stdint.h>

#include <abi/device.h>
#include <abi/manage.h>

/* Maps the area that @entry, a DEVICE_MANAGE, names. False: it cannot be had. */
bool manage_area_attach(const struct device_entry *entry);

/* Copies the next request to *@message. False: there is none now. */
bool manage_area_take(struct manage_message *message);

/* Says @message to the control domain. False: fewer than @spare slots would be left, or none; nobody is waited for. */
bool manage_area_say(const struct manage_message *message, uint32_t spare);

/* Waits until there is a request, manage_area_wake() was called, or @deadline_ns. */
void manage_area_wait(uint64_t deadline_ns);
void manage_area_wake(void);

#endif
