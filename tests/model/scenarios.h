/* SPDX-License-Identifier: BSD-2-Clause */
/* Worlds that scenarios start from (setup.c) and the operations that each may do (scenarios.c). */
#ifndef CAMBIUM_TESTS_MODEL_SCENARIOS_H
#define CAMBIUM_TESTS_MODEL_SCENARIOS_H

#include "model.h"

/* Domain 1 runs on CPU 0 in a tree of four tables, data[0] mapped writable and data[1] not; domain 2 owns nothing yet. */
void setup_paging(struct model *m);
/* The same, and domain 2 runs on CPU 1 in a tree of its own with data[2]; it can map what domain 1 offers. */
void setup_grants(struct model *m);
/* The same; data[1] is offered and mapped writable, data[0] offered for transfer. */
void setup_death(struct model *m);
/* As for grants, with an open image: data[3] is text, data[4] data of it; and data[5] is mapped as text of domain 1's own. */
void setup_images(struct model *m);
/* As for paging, with small targets, and data[1] is offered for transfer. */
void setup_memory(struct model *m);
/* As for paging, and data[2], data[3] are an aligned run of domain 1, mapped writable by one entry;
 * data[6] holds a good entry and then a bad one. */
void setup_runs(struct model *m);
/* As for grants; data[1] is offered; domain 2 owns a device, which may write data[2]. */
void setup_devices(struct model *m);
/* The same; domain 2 and its device have data[1] mapped. */
void setup_orphans(struct model *m);

#endif
