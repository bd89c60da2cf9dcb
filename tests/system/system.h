/* SPDX-License-Identifier: BSD-2-Clause */
/* What the system tests share: the demo appliance as they expect it, and assertions. */
#ifndef CAMBIUM_TESTS_SYSTEM_H
#define CAMBIUM_TESTS_SYSTEM_H

#include <criterion/criterion.h>

#include "../lib/command.h"
#include "../lib/http.h"
#include "../lib/load.h"
#include "../lib/machine.h"

/* For calls that have already said what is wrong; the report of the failed test says once more what a machine's was. */
#define MUST(condition) cr_assert(condition, "%s; %s", #condition, machine_trouble())

/* Ports of the appliance's uplink, as configs/demo/plan.c publishes them. */
#define PORT_WEB1 8080u
#define PORT_WEB2 8081u
#define SERVES_SECONDS 120u

/* Starts the demo appliance with both ports forwarded; both serve when it returns. */
struct machine *demo_start(const char *log, enum machine_door door);

/* The options of demo_start. */
struct machine_options demo_options(const char *log, enum machine_door door);

/* demo_start with options that were changed. */
struct machine *demo_start_with(const struct machine_options *options);

/* Kills domain @name and waits until it runs again in its slot's next generation. */
void kill_and_wait(struct machine *m, const char *name, unsigned slot, unsigned generation);

/* Fifty callers at once get @requests pages in all from @port, on a connection each or on few: none fails. Needs ab. */
void callers_get_pages(const struct machine *m, uint16_t port, unsigned requests, bool keep_alive);

/* The number in environment variable @name, for the long forms of tests; without it @otherwise. */
unsigned number_from(const char *name, unsigned otherwise);

/* The next of fixed pseudo-random numbers below @limit, at most 65536. */
unsigned draw_below(uint32_t *state, unsigned limit);

/* Nothing in the log says that the hypervisor is unwell. */
void machine_is_well(struct machine *m);

#endif
