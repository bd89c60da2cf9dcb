/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Index logic of the rings.
 *
 * Invariants, modulo 2^32: a producer has peer <= published <= next <= peer + count; a consumer has
 * published <= next <= peer <= published + count. peer only grows, so a peer index is acceptable exactly when it lies
 * between the last accepted one and the furthest that an honest peer can have reached; everything else is BROKEN.
 *
 * Wake-ups. The sleeper stores its wake index, fences, reads the peer's index. The mover stores its index, fences,
 * reads the wake index. With both fences sequentially consistent at least one of them sees the other's store, so either
 * the sleeper looks again or the mover notifies.
 */
#include <base/check.h>
#include <drivers/ring/ring.h>
#include <string.h>

#define USUAL_BYTES 16u

static uint32_t load_acquire(const uint32_t *shared)
{
	return __atomic_load_n(shared, __ATOMIC_ACQUIRE);
}

static void store_release(uint32_t *shared, uint32_t value)
{
	__atomic_store_n(shared, value, __ATOMIC_RELEASE);
}

static void init(struct ring_end *end, struct ring_header *header, void *slots, uint32_t slot_bytes, uint32_t count)
{
	CHECK(count != 0 && (count & (count - 1)) == 0 && count <= 1u << 30);
	*end = (struct ring_end){
		.header = header,
		.slots = slots,
		.slot_bytes = slot_bytes,
		.count = count,
	};
}

void ring_init_producer(struct ring_end *end, struct ring_header *header, void *slots, uint32_t slot_bytes,
			uint32_t count)
{
	init(end, header, slots, slot_bytes, count);
	end->producer = true;
}

void ring_init_consumer(struct ring_end *end, struct ring_header *header, void *slots, uint32_t slot_bytes,
			uint32_t count)
{
	init(end, header, slots, slot_bytes, count);
}

void ring_header_reset(struct ring_header *header)
{
	store_release(&header->p.epoch, 0);
	store_release(&header->p.features, 0);
	store_release(&header->c.features, 0);
	store_release(&header->p.prod, 0);
	store_release(&header->p.wake_cons, 0);
	store_release(&header->c.cons, 0);
	store_release(&header->c.wake_prod, 0);
}

void ring_epoch_publish(struct ring_header *first, uint32_t epoch)
{
	store_release(&first->p.epoch, epoch);
}

enum ring_result ring_epoch_check(const struct ring_header *first, uint32_t epoch)
{
	return load_acquire(&first->p.epoch) == epoch ? RING_OK : RING_RESET;
}

void ring_front_features_publish(struct ring_header *first, uint32_t features)
{
	store_release(&first->p.features, features);
}

void ring_back_features_publish(struct ring_header *first, uint32_t features)
{
	store_release(&first->c.features, features);
}

uint32_t ring_front_features(const struct ring_header *first)
{
	return load_acquire(&first->p.features);
}

uint32_t ring_back_features(const struct ring_header *first)
{
	return load_acquire(&first->c.features);
}

/* The furthest index that an honest peer can have published. */
static uint32_t peer_limit(const struct ring_end *end)
{
	return end->producer ? end->published : end->published + end->count;
}

/* Reads the peer's index once and accepts it, or breaks the end. */
static enum ring_result refresh(struct ring_end *end)
{
	uint32_t seen;

	if (end->broken)
		return RING_BROKEN;
	seen = load_acquire(end->producer ? &end->header->c.cons : &end->header->p.prod);
	if (seen - end->peer > peer_limit(end) - end->peer) {
		end->broken = true;
		return RING_BROKEN;
	}
	end->peer = seen;
	return RING_OK;
}

/* Slots to fill or to take, as far as the last accepted peer index tells. */
static uint32_t ready(const struct ring_end *end)
{
	return end->producer ? end->count - (end->next - end->peer) : end->peer - end->next;
}

static void *slot_at(const struct ring_end *end, uint32_t index)
{
	return end->slots + (size_t)(index & (end->count - 1)) * end->slot_bytes;
}

/* Moves our index to @to; true when the peer sleeps until an index in (published, @to]. */
static bool move_to(struct ring_end *end, uint32_t to)
{
	uint32_t from = end->published;
	uint32_t wake;

	if (to == from)
		return false;
	end->published = to;
	store_release(end->producer ? &end->header->p.prod : &end->header->c.cons, to);
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* the index before the look at the wake index */
	wake = __atomic_load_n(end->producer ? &end->header->c.wake_prod : &end->header->p.wake_cons, __ATOMIC_RELAXED);
	return wake - 1 - from < to - from;
}

static enum ring_result count_ready(struct ring_end *end, uint32_t *n)
{
	enum ring_result result = refresh(end);

	*n = result == RING_OK ? ready(end) : 0;
	return result;
}

/* RING_OK when a slot is ready, reading shared memory only when the last accepted index says that none is. */
static inline enum ring_result want_one(struct ring_end *end)
{
	if (end->broken)
		return RING_BROKEN;
	if (ready(end) > 0)
		return RING_OK;
	if (refresh(end) != RING_OK)
		return RING_BROKEN;
	if (ready(end) > 0)
		return RING_OK;
	return end->producer ? RING_FULL : RING_EMPTY;
}

/* Slots of the usual size without a call. */
static inline void slot_copy(void *to, const void *from, uint32_t bytes)
{
	if (bytes == USUAL_BYTES)
		memcpy(to, from, USUAL_BYTES);
	else
		memcpy(to, from, bytes);
}

enum ring_result ring_space(struct ring_end *end, uint32_t *space)
{
	CHECK(end->producer);
	return count_ready(end, space);
}

enum ring_result ring_push(struct ring_end *end, const void *slot)
{
	enum ring_result result;

	CHECK(end->producer);
	result = want_one(end);
	if (result != RING_OK)
		return result;
	slot_copy(slot_at(end, end->next), slot, end->slot_bytes);
	end->next++;
	return RING_OK;
}

void ring_push_undo(struct ring_end *end)
{
	CHECK(end->producer);
	end->next = end->published;
}

bool ring_publish(struct ring_end *end)
{
	CHECK(end->producer);
	return move_to(end, end->next);
}

enum ring_result ring_avail(struct ring_end *end, uint32_t *avail)
{
	CHECK(!end->producer);
	return count_ready(end, avail);
}

enum ring_result ring_take(struct ring_end *end, void *slot)
{
	enum ring_result result;

	CHECK(!end->producer);
	result = want_one(end);
	if (result != RING_OK)
		return result;
	slot_copy(slot, slot_at(end, end->next), end->slot_bytes);
	/* from here on the copy counts, also for a compiler that sees who uses it: the slot is not read again */
	__atomic_signal_fence(__ATOMIC_ACQ_REL);
	end->next++;
	return RING_OK;
}

bool ring_release(struct ring_end *end, uint32_t n)
{
	CHECK(!end->producer);
	CHECK(n <= ring_held(end));
	return move_to(end, end->published + n);
}

bool ring_sleep_prepare(struct ring_end *end, uint32_t n)
{
	CHECK(n >= 1 && n <= end->count);
	if (end->producer)
		__atomic_store_n(&end->header->p.wake_cons, end->next - end->count + n, __ATOMIC_RELAXED);
	else
		__atomic_store_n(&end->header->c.wake_prod, end->next + n, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* the wake index before the last look */
	return refresh(end) != RING_OK || ready(end) >= n;
}
