/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers as bytes, and back: for state.c and devices.c. */
#ifndef CAMBIUM_TESTS_MODEL_CODEC_H
#define CAMBIUM_TESTS_MODEL_CODEC_H

#include "model.h"

struct codec {
	struct model *m;
	uint8_t *at, *caution;
	bool out;
};

static inline void codec_put(struct codec *c, uint64_t v, const char *name)
{
	if (v > 255)
		model_violation(c->m, "%s became %#llx", name, (unsigned long long)v);
	*c->at++ = (uint8_t)v;
}

#define CODE(c, field)                                                                                                 \
	do {                                                                                                           \
		if ((c)->out)                                                                                          \
			codec_put(c, (uint64_t)(field), #field);                                                       \
		else                                                                                                   \
			(field) = (__typeof__(field))*(c)->at++;                                                       \
	} while (0)

/* What the devices of @d reach; what the IOTLB may know, and whether it is said to be stale. */
void devices_code(struct codec *c, struct domain *d);
void devices_code_caution(struct codec *c);

#endif
