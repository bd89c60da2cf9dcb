/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A backend that lies in its ledger (abi/shared.h): more time than it has run, for domains that it does not serve, for dead ones and for
 * itself, and counts beyond the ledger's end. It may build domains, so that it has some to wrong, and can see what they were charged;
 * then it asks for shares of the CPU that cannot be. What it charges to all others together is at most what it has run.
 */
#include "raw_memory.h"

#define SLOT 940u
#define NOBODY 0x10003ffu
#define MS 1000000ull
#define FOREVER UINT64_MAX

static uint32_t child_create(uint32_t slot)
{
	struct domain_create c = {.name = "charged", .slot = slot, .max_pages = 64, .weight = 1, .vcpu_count = 1};
	int64_t id = hc_domain_create(&c);

	if (id <= 0)
		raw_hole("no domain to charge: %ld", (long)id);
	return (uint32_t)id;
}

static void child_release(uint32_t child)
{
	while (hc_domain_release(child) == -HC_EAGAIN)
		;
}

static struct vcpu_times times_of(uint32_t domid)
{
	struct vcpu_times t = {0};

	if (hc_vcpu_times(domid, 0, &t))
		raw_hole("the times of %x are not told", (unsigned)domid);
	return t;
}

/* Claims @ticks for @domid in all entries, says that there are @count, and sleeps until it was taken. */
static void claim(uint32_t count, uint32_t domid, uint64_t ticks)
{
	volatile struct ledger *l = &RAW_SHARED->ledger[0];

	for (unsigned i = 0; i < LEDGER_ENTRIES; i++) {
		l->entry[i].domid = domid;
		l->entry[i].ticks = ticks;
	}
	l->count = count;
	hc_sched_block(raw_now() + MS);
	raw_expect_number("the count after the ledger was taken", l->count, 0);
}

/* Nothing of it may be charged to @other. */
static void claim_in_vain(const char *what, uint32_t named, uint32_t other)
{
	uint64_t before = times_of(other).charged;

	claim(LEDGER_ENTRIES, named, FOREVER);
	raw_expect_number(what, (int64_t)(times_of(other).charged - before), 0);
}

/*
 * No more than it has run since the ledger was taken before, which was not before @ran; then that is what it had run when this one
 * was said.
 */
static void claim_cut(const char *what, uint32_t served, uint32_t count, uint64_t ticks, uint64_t *ran)
{
	uint64_t before = times_of(served).charged, said = times_of(DOMID_SELF).run, charged, most;

	claim(count, served, ticks);
	most = times_of(DOMID_SELF).run - *ran;
	*ran = said;
	charged = times_of(served).charged - before;
	raw_attempts++;
	if (charged > most)
		raw_hole("%s: %lu ns charged of %lu that it ran", what, charged, most);
	raw_attempts++;
	if (!charged)
		raw_hole("%s: nothing was charged", what);
}

static void claims(void)
{
	uint32_t served = child_create(SLOT), stranger = child_create(SLOT + 1), dead = child_create(SLOT + 2);
	uint64_t ran = 0;

	raw_expect("linked", hc_domain_link(DOMID_SELF, served), HC_OK);
	raw_expect("linked", hc_domain_link(DOMID_SELF, dead), HC_OK);
	raw_expect("linked to itself", hc_domain_link(DOMID_SELF, DOMID_SELF), HC_OK);
	claim_cut("2^64 - 1 ticks", served, 1, FOREVER, &ran);
	claim_cut("2^63 ticks, sixteen times", served, LEDGER_ENTRIES, 1ull << 63, &ran);
	claim_cut("a count of 17", served, LEDGER_ENTRIES + 1, FOREVER, &ran);
	claim_cut("a count of 2^32 - 1", served, UINT32_MAX, FOREVER, &ran);
	claim_in_vain("one that it does not serve", stranger, stranger);
	claim_in_vain("itself", start_info()->domid, DOMID_SELF);
	claim_in_vain("itself, by another name", DOMID_SELF, DOMID_SELF);
	claim_in_vain("nobody", DOMID_NONE, served);
	claim_in_vain("a slot that there is not", UINT32_MAX - 1, served);
	claim_in_vain("an older generation", served - 0x10000, served);
	claim_in_vain("a later generation", served + 0x10000, served);
	raw_expect("destroyed", hc_domain_destroy(dead), HC_OK);
	claim_in_vain("the dead", dead, dead);
	child_release(dead);
	claim_in_vain("one that has gone", dead, served);
	claim_in_vain("the control domain's slot", 0x10000, served);
	raw_expect("destroyed", hc_domain_destroy(served), HC_OK);
	raw_expect("destroyed", hc_domain_destroy(stranger), HC_OK);
	child_release(served);
	child_release(stranger);
	claim_in_vain("those who have gone", served, DOMID_SELF);
}

static void schedule_refused(const char *what, struct domain_schedule s, enum abi_error error)
{
	raw_refused(what, hc_domain_schedule(&s), error);
}

static void schedules(void)
{
	uint32_t child = child_create(SLOT);
	const struct domain_schedule good = {.domid = child, .weight = 1, .cpus = 1};
	struct vcpu_times t;

#define BAD(what, error, ...)                                                                                          \
	do {                                                                                                           \
		struct domain_schedule s = good;                                                                       \
                                                                                                                       \
		__VA_ARGS__;                                                                                           \
		schedule_refused(what, s, error);                                                                      \
	} while (0)
	BAD("no weight", HC_EWEIGHT, s.weight = 0);
	BAD("a weight of 65536", HC_EWEIGHT, s.weight = 65536);
	BAD("a weight of 2^32 - 1", HC_EWEIGHT, s.weight = UINT32_MAX);
	BAD("a cap of 1001", HC_ECAP, s.cap = 1001);
	BAD("a cap of 2^32 - 1", HC_ECAP, s.cap = UINT32_MAX);
	BAD("a warp of more than 100 ms", HC_EWARP, s.warp = 100 * MS + 1);
	BAD("a warp of 2^64 - 1", HC_EWARP, s.warp = FOREVER);
	BAD("a limit of more than a minute", HC_EWARPTIME, s.warp = MS, s.warp_limit = 60000 * MS + 1);
	BAD("a limit of 2^64 - 1", HC_EWARPTIME, s.warp = MS, s.warp_limit = FOREVER);
	BAD("an unwarp of more than a minute", HC_EWARPTIME, s.warp = MS, s.warp_limit = MS, s.unwarp = 60000 * MS + 1);
	BAD("an unwarp of 2^64 - 1", HC_EWARPTIME, s.warp = MS, s.warp_limit = MS, s.unwarp = FOREVER);
	BAD("an unwarp without a limit", HC_EUNWARP, s.warp = MS, s.unwarp = MS);
	BAD("no CPU", HC_EAFFINITY, s.cpus = 0);
	BAD("a CPU that there is not", HC_EAFFINITY, s.cpus = 1ull << 63);
	BAD("nobody", HC_ENODOM, s.domid = NOBODY);
	raw_refused("the schedule at no address", hc_domain_schedule((void *)0xffff800008000000), HC_EFAULT);
	raw_expect("the greatest of all",
		   hc_domain_schedule(&(struct domain_schedule){.domid = child,
								.weight = 65535,
								.cap = 1000,
								.warp = 100 * MS,
								.warp_limit = 60000 * MS,
								.unwarp = 60000 * MS,
								.cpus = FOREVER}),
		   HC_OK);
	raw_refused("its second vCPU's times", hc_vcpu_times(child, 1, &t), HC_EINVAL);
	raw_refused("its last vCPU's times", hc_vcpu_times(child, UINT32_MAX, &t), HC_EINVAL);
	raw_refused("nobody's times", hc_vcpu_times(NOBODY, 0, &t), HC_ENODOM);
	raw_refused("times into a read-only page", hc_vcpu_times(child, 0, (void *)start_info()), HC_EFAULT);
	raw_refused("nobody's backend", hc_domain_link(child, NOBODY), HC_ENODOM);
	raw_refused("a backend that is nobody", hc_domain_link(NOBODY, child), HC_ENODOM);
	raw_expect("destroyed", hc_domain_destroy(child), HC_OK);
	raw_refused("the dead one's schedule", hc_domain_schedule((struct domain_schedule *)&good), HC_ESTATE);
	raw_refused("the dead one's backend", hc_domain_link(DOMID_SELF, child), HC_ESTATE);
	raw_refused("a dead backend", hc_domain_link(child, DOMID_SELF), HC_ESTATE);
	child_release(child);
}

int main(void)
{
	raw_start(0);
	claims();
	schedules();
	return raw_end("ledger");
}
