/* SPDX-License-Identifier: BSD-2-Clause */
/* Image objects: owners of the read-only and text frames of an ELF file, shared by any number of domains. */
#pragma once

#include "world.h"

/* A new image, held by its builder; its id into *@id. HC_ENOSLOT. */
enum abi_error image_create(struct world *w, uint32_t *id);
/* A zero frame, executable or not, for image @id, which is not sealed. HC_EIMAGE, HC_ENOMEM, CORE_FLUSH_FIRST. */
enum abi_error image_populate(struct world *w, uint32_t id, bool text, mfn_t *mfn);
/* Whether frame @mfn is that of image @id, which is not sealed. */
bool image_writable(const struct world *w, uint32_t id, mfn_t mfn);
enum abi_error image_seal(struct world *w, uint32_t id);

/* Attaches @d. HC_EIMAGE: not sealed; HC_ESTATE: it has one. */
enum abi_error image_attach(struct world *w, struct domain *d, uint32_t id);
/* Detaches @d, which maps nothing of it any more; true when that is done, after calls that freed a bounded part each. */
bool image_detach(struct world *w, struct domain *d);
/* The builder lets go. HC_EIMAGE; HC_EAGAIN: a bounded part of it is freed, ask again. */
enum abi_error image_drop(struct world *w, uint32_t id);

/* Images that exist. Frames of all, or of the one that @d is attached to. */
uint32_t image_count(const struct world *w);
uint64_t image_frames(const struct world *w, const struct domain *d);
