/* SPDX-License-Identifier: BSD-2-Clause */
/* The calls between manage.c, which talks on the second serial channel and with the router, and policy.c. */
#ifndef CAMBIUM_CONTROL_MANAGE_H
#define CAMBIUM_CONTROL_MANAGE_H

#include <drivers/ring/manage_line.h>
#include <drivers/ring/manage_upload.h>

#include "control.h"

/* --- manage.c --- */

/* Is there a router that can be asked? */
bool manage_is_up(void);
/* Puts @m into the router's ring. False: there is no room now, or no router. */
bool manage_push(const struct manage_message *m);
/* Sends @m on the serial channel, and again when the same request comes again. */
void manage_answer(const struct manage_message *m);

/* --- policy.c: what the router decides by --- */

/* Once: the plan's rules are the policy to start with. */
void policy_setup(void);
/* A new router, which has nothing yet; and it is gone. */
void policy_router_up(void);
void policy_router_down(void);

/* The requests about policies. Each answers, at once or when the router has. */
void policy_begin(const struct manage_message *m);
void policy_data(const struct manage_message *m);
void policy_commit(const struct manage_message *m);
void policy_read(const struct manage_message *m);

/* Hands the router more of what it is to have. True: there was room for some. */
bool policy_feed(void);
/* The router's answer, if @m is the one that is waited for; and what it says by itself. */
bool policy_answered(const struct manage_message *m);
void policy_in_force(const struct manage_in_force *word);

#endif
