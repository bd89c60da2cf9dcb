/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Management of the router (abi/manage.h): a thread of its own, so that long work, which pauses, holds no packet up.
 *
 *   manage.c  requests and answers          policy.c  the rules in force, on trial and before
 *   query.c   what there is to know         capture.c  frames for whoever looks on
 */
#ifndef CAMBIUM_ROUTER_MANAGE_H
#define CAMBIUM_ROUTER_MANAGE_H

#include <drivers/ring/manage_line.h>
#include <drivers/ring/manage_upload.h>

#include "domain.h"

/* --- manage.c --- */

/* Says @m to the control domain. False: there is no room; nobody is waited for. */
bool manage_say(const struct manage_message *m);

/* --- policy.c --- */

/* The requests. NULL: done; else why not. policy_commit() takes long and lets packets pass meanwhile. */
const char *policy_begin(const struct manage_begin *begin);
const char *policy_data(const struct manage_message *m);
const char *policy_commit(struct router_domain *d, const struct manage_commit *commit);
const char *policy_confirm(const struct manage_confirm *confirm);

/* When the policy on trial has to go, TIME_NEVER without one; and goes back to the one before when that is past. */
uint64_t policy_deadline(void);
void policy_tick(struct router_domain *d, uint64_t now);

/* Fills in what @status says of policies. */
void policy_status(struct manage_status *status, uint64_t now);

/* --- capture.c --- */

/* Starts, prolongs or stops the capture. NULL, or why not. */
const char *capture_set(const struct router_domain *d, const struct manage_capture *want);
/* Sends what was captured, as far as there is room; when to call it again. */
uint64_t capture_pump(uint64_t now);

/* --- query.c --- */

/* The answers. */
struct manage_message query_status(const struct router_domain *d, uint32_t id, uint64_t now);
struct manage_message query_answer(const struct router_domain *d, uint32_t id, const struct manage_query *query);

#endif
