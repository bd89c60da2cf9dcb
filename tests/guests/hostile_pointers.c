/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bad pointers, huge lengths and wrong handles for every hypercall, known or not. First each documented refusal by name,
 * then every number with every argument that hurts, in one place at a time and by chance in all places. The domain holds
 * no capability: what needs one must never succeed, and nothing may be written where it must not be.
 */
#include "raw.h"

#include <vmm/layout.h>

#include <unistd.h>

#define ROUNDS 4000u /* by chance, for each number with arguments */
/* RAM through the hypervisor's direct map: mapped and writable, so that only a check of the range can refuse it. */
#define BAD (DIRECT_MAP + 0x8000000)
#define NOBODY 0x10003ffu /* slot 1023 */

static uint8_t good[PAGE_SIZE] __attribute__((aligned(4096)));
static uint64_t nasty[24];
static unsigned nasty_count;
static uint8_t *edge; /* a page whose next one is absent */

#define RO ((void *)start_info())

static void nasty_collect(void)
{
	const uint64_t values[] = {0,
				   1,
				   0x7fffffff,
				   0x80000000,
				   0xffffffff,
				   0x100000000,
				   UINT64_MAX,
				   1ull << 63,
				   BAD,
				   DIRECT_MAP,
				   IMAGE_LINK,
				   0xfffffffffffffff8,
				   0x800000000000,
				   0x7f8000000000,
				   0x7f7ffffffffc,
				   0x7fffffffffff,
				   (uint64_t)good,
				   (uint64_t)edge + PAGE_SIZE - 4,
				   (uint64_t)RO,
				   HYPERCALL_VA,
				   DOMID_SELF,
				   NOBODY,
				   4096};

	memcpy(nasty, values, sizeof values);
	nasty_count = ARRAY_SIZE(values);
}

/* What a builder alone may call. */
static void builders_calls(void)
{
	static struct mmu_op op = {.op = MMU_PIN, .value = 4};
	static struct domain_copy copy = {.domid = 0x10000, .len = 8};
	uint32_t done;

	raw_expect("tables of a domain", hc_domain_mmu(DOMID_SELF, &op, 1, &done), HC_EPERM);
	raw_expect("tables of nobody", hc_domain_mmu(NOBODY, &op, 1, &done), HC_EPERM);
	raw_expect("a target", hc_memory_set(DOMID_SELF, 4096, 0), HC_EPERM);
	raw_expect("the machine's memory", hc_machine_memory((void *)good), HC_EPERM);
	raw_expect("another's figures", hc_memory_info(0x10001, (void *)good), HC_EPERM);
	raw_expect("an image", hc_image_create(), HC_EPERM);
	raw_expect("frames of an image", hc_image_populate(0x10000, (uint64_t *)good, 1, 0), HC_EPERM);
	raw_expect("contents of an image", hc_image_write(&copy), HC_EPERM);
	raw_expect("seal an image", hc_image_seal(0x10000), HC_EPERM);
	raw_expect("attach to an image", hc_image_attach(DOMID_SELF, 0x10000), HC_EPERM);
	raw_expect("drop an image", hc_image_drop(0x10000), HC_EPERM);
	raw_expect("take over from nobody", hc_grant_accept(NOBODY, 1), HC_ENODOM);
	raw_expect("take over from the control domain", hc_grant_accept(0x10000, 1), HC_EGRANT);
	raw_expect("take over reference 2^32 - 1", hc_grant_accept(0x10000, UINT32_MAX), HC_EGRANT);
}

/* Each row: a call and the one refusal that the contract has for it. */
static void documented(void)
{
	static struct grant_map map = {.granter = NOBODY, .first = 1, .count = 1};
	static struct grant_offer offer = {.count = 1};
	static struct grant_copy copy = {.flags = GRANT_COPY_SRC_GRANT, .src_domid = NOBODY, .len = 8};
	static struct mmu_op op = {.op = 8};
	static struct domain_create create = {.slot = 9, .name = "thief", .max_pages = 1, .weight = 1, .vcpu_count = 1};
	static struct domain_copy dcopy = {.domid = DOMID_SELF, .len = 8};
	static struct domain_vcpu vcpu = {.domid = DOMID_SELF};
	static struct event_pair pair = {DOMID_SELF, DOMID_SELF, 0, 0};
	struct entry_set set = {.upcall = BAD};
	void *across = edge + PAGE_SIZE - 4;
	uint32_t done;

	raw_expect("console", hc_console_write(0, "x", 1), HC_EPERM);
	raw_expect("console input", hc_console_read(0, (char *)good, 1), HC_EPERM);
	raw_expect("end by REASON_KILLED", hc_sched_shutdown(REASON_KILLED, 0), HC_EINVAL);
	raw_expect("end by reason 1000", hc_sched_shutdown(1000, 0), HC_EINVAL);
	raw_expect("entry_set of a bad pointer", hc_entry_set((void *)BAD), HC_EFAULT);
	raw_expect("entry_set across the edge", hc_entry_set(across), HC_EFAULT);
	raw_expect("an upcall into the hypervisor", hc_entry_set(&set), HC_EADDRESS);
	set = (struct entry_set){.exception = 0x7f8000000000};
	raw_expect("a handler in no address", hc_entry_set(&set), HC_EADDRESS);
	set = (struct entry_set){.exception_stack = BAD};
	raw_expect("an exception stack in the hypervisor", hc_entry_set(&set), HC_EADDRESS);
	set = (struct entry_set){.exception_stack = 8};
	raw_expect("an exception stack that is not aligned", hc_entry_set(&set), HC_EADDRESS);
	raw_expect("entry_resume of a bad pointer", hc_entry_resume((void *)BAD), HC_EFAULT);
	raw_expect("entry_resume across the edge", hc_entry_resume(across), HC_EFAULT);
	raw_expect("segment base 2", hc_vcpu_set_base(2, 0), HC_EINVAL);
	raw_expect("mmu_update of a bad pointer", hc_mmu_update((void *)BAD, 1, &done), HC_EFAULT);
	raw_expect("mmu_update across the edge", hc_mmu_update(across, 1, &done), HC_EFAULT);
	raw_expect("mmu_update of too many", hc_mmu_update(&op, MMU_OPS_MAX + 1, &done), HC_EINVAL);
	raw_expect("mmu operation 8", hc_mmu_update(&op, 1, &done), HC_EINVAL);
	raw_expect("mmu_update that reports into nothing", hc_mmu_update(&op, 0, (void *)BAD), HC_EFAULT);
	raw_expect("mmu_update that reports into a read-only page", hc_mmu_update(&op, 0, RO), HC_EFAULT);
	raw_expect("an unaligned address", raw_mmu(MMU_UPDATE_VA, 0, 0x123, 0), HC_EADDRESS);
	raw_expect("an address of the hypervisor", raw_mmu(MMU_UPDATE_VA, 0, BAD, 0), HC_EADDRESS);
	raw_expect("a flush of the hypervisor", raw_mmu(MMU_FLUSH, 0, BAD, 0), HC_EADDRESS);
	raw_expect("a flush of a range that ends there", raw_mmu(MMU_FLUSH_RANGE, 0, 0x7f7ffffff000, 2), HC_EADDRESS);
	raw_expect("a foreign table", raw_mmu(MMU_UPDATE, 0x1000, 0, 0), HC_ENOTABLE);
	raw_expect("a port for nobody", hc_event_alloc(NOBODY, 0), HC_ENODOM);
	raw_expect("a port on vCPU 1", hc_event_alloc(DOMID_SELF, 1), HC_EINVAL);
	raw_expect("a port of nobody", hc_event_bind(NOBODY, 1, 0), HC_ENODOM);
	raw_expect("a port of the control domain", hc_event_bind(0x10000, 1, 0), HC_EPORT);
	raw_expect("the virtual interrupt of deaths", hc_event_bind_virq(VIRQ_DOMAIN, 0), HC_EPERM);
	raw_expect("the virtual interrupt of the console", hc_event_bind_virq(VIRQ_CONSOLE, 0), HC_EPERM);
	raw_expect("virtual interrupt 4", hc_event_bind_virq(VIRQ_MAX, 0), HC_EINVAL);
	raw_expect("send on no port", hc_event_send(4000), HC_EPORT);
	raw_expect("send on port 0", hc_event_send(0), HC_EPORT);
	raw_expect("send on port 2^32 - 1", hc_event_send(UINT32_MAX), HC_EPORT);
	raw_expect("close no port", hc_event_close(4000), HC_EPORT);
	raw_expect("unmask port 4096", hc_event_unmask(4096), HC_EPORT);
	raw_expect("connect others", hc_event_pair(&pair), HC_EPERM);
	raw_expect("an offer from a bad pointer", hc_grant_offer(DOMID_SELF, (void *)BAD), HC_EFAULT);
	raw_expect("an offer of the control domain's", hc_grant_offer(0x10000, &offer), HC_EPERM);
	offer.mfns = BAD;
	offer.peer = start_info()->domid;
	raw_expect("an offer with frames in the hypervisor", hc_grant_offer(DOMID_SELF, &offer), HC_EINVAL);
	offer.mfns = (uint64_t)good;
	offer.count = GRANT_OFFER_MAX + 1;
	raw_expect("an offer of too many", hc_grant_offer(DOMID_SELF, &offer), HC_EINVAL);
	offer.count = 1;
	raw_expect("an offer of frame 0", hc_grant_offer(DOMID_SELF, &offer), HC_EFRAME);
	offer.peer = NOBODY;
	raw_expect("an offer to nobody", hc_grant_offer(DOMID_SELF, &offer), HC_ENODOM);
	raw_expect("revoke what was not offered", hc_grant_revoke(1, 1), HC_EGRANT);
	raw_expect("revoke nothing", hc_grant_revoke(1, 0), HC_EINVAL);
	raw_expect("map from nobody", hc_grant_map(&map), HC_ENODOM);
	map.va = 0x123;
	raw_expect("map at no page", hc_grant_map(&map), HC_EADDRESS);
	map.va = BAD;
	raw_expect("map into the hypervisor", hc_grant_map(&map), HC_EADDRESS);
	map.count = UINT32_MAX;
	raw_expect("map 2^32 - 1 pages", hc_grant_map(&map), HC_EINVAL);
	raw_expect("map by a bad pointer", hc_grant_map((void *)BAD), HC_EFAULT);
	raw_expect("unmap the hypervisor", hc_grant_unmap(BAD, 1), HC_EADDRESS);
	raw_expect("unmap what no grant mapped", hc_grant_unmap((uint64_t)good, 1), HC_EGRANT);
	raw_expect("copy from nobody", hc_grant_copy(&copy, 1, &done), HC_ENODOM);
	copy.src_offset = 4090;
	raw_expect("copy across a frame's end", hc_grant_copy(&copy, 1, &done), HC_EINVAL);
	copy.len = UINT32_MAX;
	raw_expect("copy 2^32 - 1 bytes", hc_grant_copy(&copy, 1, &done), HC_EINVAL);
	raw_expect("copies from a bad pointer", hc_grant_copy((void *)BAD, 1, &done), HC_EFAULT);
	raw_expect("query no grant", hc_grant_query(4000), HC_EGRANT);
	raw_expect("retarget", hc_grant_retarget(DOMID_SELF, 1, 1, DOMID_SELF), HC_EPERM);
	raw_expect("create a domain", hc_domain_create(&create), HC_EPERM);
	raw_expect("populate", hc_domain_populate(DOMID_SELF, (uint64_t *)good, 1), HC_EPERM);
	dcopy.buffer = (uint64_t)good;
	raw_expect("write into itself", hc_domain_write(&dcopy), HC_EPERM);
	dcopy.domid = 0x10000;
	raw_expect("read the control domain", hc_domain_read(&dcopy), HC_EPERM);
	raw_expect("set a vCPU up", hc_domain_vcpu_setup(&vcpu), HC_EPERM);
	raw_expect("start a domain", hc_domain_start(0x10001), HC_EPERM);
	raw_expect("pause a domain", hc_domain_pause(0x10001), HC_EPERM);
	raw_expect("unpause a domain", hc_domain_unpause(0x10001), HC_EPERM);
	raw_expect("destroy the router", hc_domain_destroy(0x10001), HC_EPERM);
	raw_expect("release the router", hc_domain_release(0x10001), HC_EPERM);
	raw_expect("ask about a domain", hc_domain_info(0x10001, (void *)good), HC_EPERM);
	raw_expect("take a greater weight", hc_domain_set_weight(DOMID_SELF, 65535), HC_EPERM);
	raw_expect("ask about the machine", hc_machine_info((void *)good), HC_EPERM);
	raw_expect("ask about a device", hc_device_info(1, (void *)good), HC_EDEVICE);
	raw_expect("take a device", hc_device_assign(DOMID_SELF, 1), HC_EPERM);
	raw_expect("read a device's configuration", hc_device_config_read(1, 0, 4), HC_EDEVICE);
	raw_expect("write a device's configuration", hc_device_config_write(1, 4, 2, 7), HC_EDEVICE);
	raw_expect("bind a device's interrupt", hc_device_msix_bind(1, 0), HC_EDEVICE);
	raw_expect("make a device master", hc_device_master(1, 1), HC_EDEVICE);
	raw_expect("make device 2^32 - 1 master", hc_device_master(UINT32_MAX, 1), HC_EDEVICE);
	raw_expect("power off", hc_machine_power(0), HC_EPERM);
	raw_expect("restart", hc_machine_power(1), HC_EPERM);
}

/* The capability that call @number needs, 0: none; -1: there is no such call. */
static int64_t capability_of(uint64_t number)
{
	static const uint64_t rows[][2] = {
#define HC0(n, capability, name) {n, capability},
#define HC1(n, capability, name, a) {n, capability},
#define HC2(n, capability, name, a, b) {n, capability},
#define HC3(n, capability, name, a, b, c) {n, capability},
#define HC4(n, capability, name, a, b, c, d) {n, capability},
#include <abi/hypercall.def>
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i][0] == number)
			return (int64_t)rows[i][1];
	return -1;
}

static void call(uint64_t number, const uint64_t *a)
{
	int64_t result;

	/* What would end this domain, put it to sleep for ever, or take its thread pointer away has its own guests. */
	if (number == HYPERCALL_sched_shutdown || number == HYPERCALL_sched_block ||
	    number == HYPERCALL_sched_handover || number == HYPERCALL_vcpu_set_base ||
	    number == HYPERCALL_entry_resume || number == HYPERCALL_entry_set)
		return;
	result = hypercall4(number, a[0], a[1], a[2], a[3]);
	raw_attempts++;
	if (capability_of(number) < 0 && result != -HC_ENOSYS)
		raw_hole("number %lx: result %ld", number, (long)result);
	if (capability_of(number) > 0 && result != -HC_EPERM)
		raw_hole("number %lu (%lx, %lx, %lx, %lx) needs a capability: %ld", number, a[0], a[1], a[2], a[3],
			 (long)result);
	if (number >= HYPERCALL_device_info && number <= HYPERCALL_device_dma && result >= 0)
		raw_hole("number %lu (%lx, %lx, %lx, %lx) succeeded: %ld", number, a[0], a[1], a[2], a[3],
			 (long)result);
	if (result < -HC_EIMAGE)
		raw_hole("number %lu: result %ld is no error of the contract", number, (long)result);
}

static void number_try(uint64_t number, uint64_t *seed)
{
	/* A yield gives everybody else a turn each time: thousands would take as long as the machine is busy. */
	unsigned rounds = number == HYPERCALL_sched_yield ? 0 : ROUNDS;
	uint64_t a[4] = {0};

	for (unsigned place = 0; place < 4; place++)
		for (unsigned i = 0; i < nasty_count; i++) {
			memset(a, 0, sizeof a);
			a[place] = nasty[i];
			call(number, a);
		}
	for (unsigned i = 0; i < rounds; i++) {
		for (unsigned place = 0; place < 4; place++) {
			*seed ^= *seed << 13, *seed ^= *seed >> 7, *seed ^= *seed << 17;
			a[place] = nasty[(*seed >> 20) % nasty_count];
		}
		call(number, a);
	}
}

int main(void)
{
	static const uint64_t beyond[] = {HYPERCALL_END,    255,        1000,      1ull << 31, 1ull << 32,
					  (1ull << 32) + 1, 1ull << 63, UINT64_MAX};
	struct start_info before = *start_info();
	uint64_t seed = 88172645463325252ull;
	uint8_t *pages = pages_alloc(2);

	raw_start(0);
	edge = pages;
	page_guard(pages + PAGE_SIZE);
	nasty_collect();
	documented();
	builders_calls();
	for (uint64_t number = 0; number < HYPERCALL_END; number++)
		number_try(number, &seed);
	for (unsigned i = 0; i < ARRAY_SIZE(beyond); i++)
		number_try(beyond[i], &seed);
	if (memcmp(&before, start_info(), sizeof before))
		raw_hole("a read-only page has changed");
	if (hc_abi_version() != ABI_VERSION)
		raw_hole("abi_version fails after all that");
	return raw_end("pointers");
}
