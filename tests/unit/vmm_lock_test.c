/* SPDX-License-Identifier: BSD-2-Clause */
/* The order of the ranked locks: whoever breaks it is stopped at the first try, whether the lock is free or not. */
#include <criterion/criterion.h>

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vmm/core/lock.h>

static const uint32_t ranks[] = {LOCK_WORLD, LOCK_DOMAIN, LOCK_QUEUE(0), LOCK_QUEUE(1), LOCK_QUEUE(15)};
#define RANKS (sizeof ranks / sizeof ranks[0])

static void try_behind(uint32_t first, uint32_t second, bool taken)
{
	struct lock a = {.rank = first}, b = {.taken = taken, .rank = second};
	uint32_t held = 0;

	lock_take(&a, &held);
	lock_try(&b, &held);
}

/* Whether a process that holds @first and tries @second goes on; else a CHECK() has stopped it. */
static bool goes_on(uint32_t first, uint32_t second, bool taken)
{
	int status;
	pid_t child = fork();

	if (!child) {
		cr_assert(freopen("/dev/null", "w", stderr));
		signal(SIGABRT, SIG_DFL);
		try_behind(first, second, taken);
		_exit(0);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFEXITED(status) || WTERMSIG(status) == SIGABRT, "status %x", status);
	return WIFEXITED(status);
}

Test(lock, is_tried_in_ascending_rank_alone_and_never_twice)
{
	for (unsigned i = 0; i < RANKS; i++)
		for (unsigned j = 0; j < RANKS; j++)
			for (unsigned taken = 0; taken < 2; taken++)
				cr_assert_eq(goes_on(ranks[i], ranks[j], taken), i < j, "rank %x behind %x, taken %u",
					     ranks[j], ranks[i], taken);
}

Test(lock, dropped_in_any_order_leaves_those_that_are_held)
{
	struct lock world = {.rank = LOCK_WORLD}, queue = {.rank = LOCK_QUEUE(3)};
	uint32_t held = 0;

	lock_take(&queue, &held);
	lock_drop(&queue, &held);
	lock_take(&world, &held);
	lock_take(&queue, &held);
	lock_drop(&world, &held);
	cr_assert_eq(held, LOCK_QUEUE(3));
	cr_assert(!world.taken && queue.taken);
	lock_drop(&queue, &held);
	cr_assert(!held && !queue.taken);
}

Test(lock, that_somebody_has_is_not_got)
{
	struct lock l = {.taken = 1, .rank = LOCK_DOMAIN};
	uint32_t held = 0;

	cr_assert(!lock_try(&l, &held));
	cr_assert_eq(held, 0);
}
