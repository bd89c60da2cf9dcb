/* SPDX-License-Identifier: BSD-2-Clause */
/* The books that recount.c keeps, for devices.c, which keeps those of what devices reach. */
#ifndef CAMBIUM_TESTS_MODEL_COUNT_H
#define CAMBIUM_TESTS_MODEL_COUNT_H

#include "model.h"

struct book {
	uint32_t refs, types;
	uint8_t type;
	bool own; /* serves the hypervisor, named by a domain's record */
	bool listed;
};

struct count {
	struct model *m;
	struct book book[MODEL_FRAMES];
	uint64_t promised, own;
};

#define HOLDS(c, what, ...)                                                                                            \
	do {                                                                                                           \
		if (!(what))                                                                                           \
			model_violation((c)->m, __VA_ARGS__);                                                          \
	} while (0)

/* A reference on frame @f, typed or not; a page that serves the hypervisor. */
void count_ref(struct count *c, mfn_t f, enum frame_type type);
void count_own_page(struct count *c, const void *page);

/* The tables and leaves of what the devices of @d reach; what the IOTLB may know when it is said to be fresh. */
void devices_count(struct count *c, const struct domain *d);
void devices_check(struct count *c);

#endif
