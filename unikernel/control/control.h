/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control domain's state and the calls between its files. One thread runs all of it; event callbacks only set flags.
 * A child is one domain of the plan, through all of its lives; a link is one link of the plan.
 */
#ifndef CAMBIUM_CONTROL_H
#define CAMBIUM_CONTROL_H

#include <abi/console_ring.h>
#include <cambium/hypercall.h>
#include <cambium/start.h>
#include <cambium/thread.h>

#include "core/bundle_check.h"
#include "core/console_line.h"
#include "core/device_area.h"
#include "core/image.h"
#include "core/plan_check.h"
#include "core/restart.h"

enum child_state {
	CHILD_WAITING, /* to be started when it is due and its back ends run */
	CHILD_RUNNING, /* or paused */
	CHILD_ENDED,   /* will not be started again, unless an operator asks */
};

/* A page or more of our own that is granted to a child for one of its lives. */
struct offer {
	void *pages;
	uint32_t page_count;
	int64_t ref;   /* first reference; 0: not offered */
	uint32_t port; /* our end of the port beside it; 0: none */
	uint32_t peer_port;
};

struct child {
	const struct plan_domain *plan;
	uint32_t index; /* in the plan; its slot is index + 1 */
	enum child_state state;
	bool paused;
	bool told_waiting;               /* why it waits has been said */
	struct domain_schedule schedule; /* of its next life too */
	uint32_t domid;                  /* DOMID_NONE while it has no domain */
	uint32_t starts;
	uint64_t began_ns;   /* its last build */
	uint64_t began_free; /* frames that the machine had free then */
	uint64_t started_ns, due_ns;
	struct restart restart;
	struct offer console, devices; /* the console ring; the device area, no pages when it has no devices */
	struct offer manage, handover; /* of the router alone: its management area, and its flows; no pages: none */
	uint32_t lost_seen;            /* of console_ring.lost */
	struct console_line line;
	/* lists of main loop work: a child is in each once at most */
	struct child *next_talking, *next_waiting;
	bool talking, waiting; /* in the list of drain.c, of watch.c */
	uint64_t shrink_ns;    /* since when it has to come down to its target; 0: it has not */
	bool shrink_told;
};

struct link {
	uint32_t generation;         /* of the entries on both sides; even */
	uint32_t ring_ref, pool_ref; /* the front's references, valid while the front runs */
	uint32_t front_port, back_port;
	uint64_t ring_va, pool_va; /* in the front */
	bool ready;                /* both ends are there and the references name this back end */
};

struct control {
	const void *bundle;
	struct plan_view plan;
	uint32_t features; /* of the machine */
	bool exit_when_done, done;
	uint32_t live; /* children that are not CHILD_ENDED */
	uint32_t shrinking;
	struct child children[PLAN_DOMAIN_MAX];
	struct link links[PLAN_LINK_MAX];
	struct text_queue out;
	uint32_t unsaid; /* lines of our own that found no room */
	/* set by event callbacks, cleared by the loop */
	bool domains_changed, input_ready;
	struct waitq wake;
};

extern struct control control;

/* --- say.c: our own words, and the serial port --- */

/* Queues the line "control: " and the formatted text. Text from a domain may not be part of it, checked names may. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* @bytes that were queued are those of domain @domid, which pays for what the port has to do with them. */
void out_owe(uint32_t domid, uint32_t bytes);
/* Hands queued bytes to the serial port as far as it takes them; the time since the last claim is for that. True when nothing is left. */
bool out_push(void);
/* Waits until everything is said, but not for ever: before the machine goes off. */
void out_flush(void);

/* --- build.c: from the plan to a running domain --- */

/* Builds and starts @child, whose back ends run. 0; or -HC_x after saying what failed: then nothing is left of it. */
int64_t child_build(struct child *child);

/* --- images.c: what domains of one image share --- */

struct shared_image {
	struct image image;
	uint64_t *mfns; /* frames of its segments that are not writable, in their order */
	uint32_t id;    /* 0: there is no object */
	uint32_t users; /* children that are not CHILD_ENDED */
};

/* The child's image, verified and sealed: made if need be. NULL and -HC_x to *@error, said. */
const struct shared_image *image_get(const struct child *child, int64_t *error);
/* The child may be started; it will not be any more. */
void image_hold(const struct child *child);
void image_release(const struct child *child);

/* --- connect.c: pages, ports and entries between domains --- */

/* Once, at the start: the console ring of every child, its device area. False: memory is short. */
bool connect_setup(void);
/* For a child's new domain @domid, under construction: offers ring and area afresh, gives it its PCI device. 0 or -HC_x,
 * said. */
int64_t connect_own(struct child *child, uint32_t domid);
/* Takes ring and area back from a domain that is gone. */
void disconnect_own(struct child *child);
/* For each link of which the new domain, under construction, is the front: grants and port. @mfns are the frames of its
 * device region, which starts at @devices_va. 0 or -HC_x, said. */
int64_t connect_fronts(struct child *child, uint32_t domid, const uint64_t *mfns, uint64_t devices_va);
/* For each link of which the new domain, under construction, is the back: the running front's grants and a port. */
void connect_backs(struct child *child, uint32_t domid);
/* The domain runs: opens the entries of its ready links at its peers and tells them. */
void connect_open(struct child *child);
/* The domain is dead: closes the entries of its links at its peers and tells them. */
void connect_close(struct child *child);

/* --- watch.c: life and death --- */

/* A child that may be started when it is due; and one that will not be any more. */
void watch_enlist(struct child *child);
void watch_ended(struct child *child);
/* Looks for children that died: as many hypercalls as children, so only when something says so. True: one had. */
bool watch_deaths(void);
/* Looks after those that have to come down to a lower target. */
void watch_memory(void);
/* Starts one child that is due; true when there was one: look again, after the others had their turn. */
bool watch_starts(void);
/* When watch_starts() has something to do; TIME_NEVER: nothing. */
uint64_t watch_due(void);
/* Drops what is left of a domain that is dead, or under construction. */
void domain_discard(uint32_t domid);

/* --- drain.c: consoles --- */

/* The child may have something to say: drain_all() will look. */
void drain_look(struct child *child);
/* Moves what children said to the output. True when there was something: look again. */
bool drain_all(void);
/* A round ends: the time since the last claim is for those who talked in it, if anybody did. */
void drain_pay(void);
/* In the middle of long work: the others' consoles. */
void others_turn(void);
/* The child's domain is dead: everything that it said. */
void drain_last(struct child *child);
/* When drain_all() has something to do without being woken. */
uint64_t drain_due(void);

/* --- command.c: the operator --- */

/* Reads the serial console and does what complete lines say. True when an answer waits for the output's room. */
bool command_poll(void);

/* --- list.c: answers of a line per child --- */

/* Says which PCI functions there are. */
void devices_tell(void);
void list_start(const char *verb);
/* Goes on as far as the output has room; true when there is more to say. */
bool list_step(void);
/* `memory NAME PAGES`. */
void memory_command(struct child *child, const char *pages);

/* --- manage.c: the second serial channel, and the router's policy --- */

/* Once. False: memory is short. */
bool manage_setup(void);
/* Its router is granted a zeroed management area, and will start; it is dead. */
void manage_router_up(void);
void manage_router_down(void);
/* Does what there is to do. True: look again soon. */
bool manage_round(void);
/* When to look at the line again. */
uint64_t manage_due(void);
/* About to sleep: asks to be woken by the router. True: it has said something already. */
bool manage_watch(void);

/* --- cpu.c: shares of the CPUs --- */

/* What the plan says of the child. */
void cpu_setup(struct child *child);
/* The list's head, and the child's line. */
void cpu_head(void);
void cpu_line(const struct child *child);
/* `cpu NAME WHAT ...`; @rest is strtok_r's, behind the name. */
void cpu_command(struct child *child, char **rest);

#endif
