/* SPDX-License-Identifier: BSD-2-Clause */
/* Two threads at the two ends of a ring, each sleeping whenever the protocol lets it: everything arrives, in order, and
 * nobody sleeps for ever (the test's time limit is the judge). */
#include <criterion/criterion.h>
#include <drivers/ring/ring.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <unistd.h>

#define COUNT 8u
#define ITEMS 400000u

struct shared {
	struct ring_header header;
	uint64_t slots[COUNT];
	sem_t to_consumer, to_producer;
	unsigned long producer_slept, consumer_slept;
};

/* A cheap generator, so that the ends batch unevenly. */
static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 16;
}

static void *produce(void *arg)
{
	struct shared *s = arg;
	struct ring_end end;
	uint32_t random = 1;
	uint64_t sent = 0;

	ring_init_producer(&end, &s->header, s->slots, sizeof(uint64_t), COUNT);
	while (sent < ITEMS) {
		uint32_t batch = 1 + next_random(&random) % COUNT;
		bool full = false;

		for (uint32_t i = 0; i < batch && sent < ITEMS && !full; i++) {
			uint64_t value = sent * 3 + 1;

			full = ring_push(&end, &value) != RING_OK;
			sent += !full;
		}
		if (ring_publish(&end))
			sem_post(&s->to_consumer);
		if (full && !ring_sleep_prepare(&end, 1 + next_random(&random) % COUNT)) {
			s->producer_slept++;
			sem_wait(&s->to_producer);
		}
	}
	return NULL;
}

static void *consume(void *arg)
{
	struct shared *s = arg;
	struct ring_end end;
	uint32_t random = 2;
	uint64_t got = 0, value;

	ring_init_consumer(&end, &s->header, s->slots, sizeof(uint64_t), COUNT);
	while (got < ITEMS) {
		enum ring_result result = ring_take(&end, &value);

		if (result == RING_OK) {
			if (value != got * 3 + 1)
				return "out of order";
			got++;
			if (next_random(&random) % 3 != 0)
				continue;
		}
		if (ring_release(&end, ring_held(&end)))
			sem_post(&s->to_producer);
		if (result == RING_BROKEN)
			return "broken";
		if (result == RING_EMPTY && got < ITEMS && !ring_sleep_prepare(&end, 1)) {
			s->consumer_slept++;
			sem_wait(&s->to_consumer);
		}
	}
	return NULL;
}

Test(ring_stress, two_threads_lose_nothing_and_never_sleep_for_ever)
{
	static struct shared s;
	pthread_t producer, consumer;
	void *why;

	alarm(120);
	sem_init(&s.to_consumer, 0, 0);
	sem_init(&s.to_producer, 0, 0);
	pthread_create(&consumer, NULL, consume, &s);
	pthread_create(&producer, NULL, produce, &s);
	pthread_join(consumer, &why);
	cr_assert_null(why, "%s", (const char *)why);
	pthread_join(producer, NULL);
	cr_assert_gt(s.producer_slept + s.consumer_slept, 0);
}
