/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A domain that may build others (CAP_DOMAIN) and is hostile to what the hypervisor believes of images and of domains
 * under construction. It cannot be kept from ending others; it must be kept from their memory, from tables and text that
 * are not checked, and from making the hypervisor follow a name that is old.
 */
#include "raw_memory.h"

#define SLOT 900u
#define NOBODY 0x10003ffu

static uint64_t window;
static uint32_t done;

static uint32_t child_create(uint32_t slot)
{
	struct domain_create c = {.name = "victim", .slot = slot, .max_pages = 64, .weight = 1, .vcpu_count = 1};
	int64_t id = hc_domain_create(&c);

	if (id <= 0)
		raw_hole("no domain to be hostile to: %ld", (long)id);
	return (uint32_t)id;
}

static void child_drop(uint32_t child)
{
	int64_t result = hc_domain_destroy(child);

	raw_expect("destroyed", result, HC_OK);
	while ((result = hc_domain_release(child)) == -HC_EAGAIN)
		;
	raw_expect("released", result, HC_OK);
	raw_expect("released twice", hc_domain_release(child), HC_ENODOM);
}

static int64_t write_image(uint32_t image, uint64_t mfn, uint32_t offset, uint32_t len, const void *from)
{
	struct domain_copy c = {.domid = image, .offset = offset, .len = len, .mfn = mfn, .buffer = (uint64_t)from};

	return hc_image_write(&c);
}

static int64_t tables(uint32_t child, uint32_t op, uint64_t mfn, uint64_t address, uint64_t value)
{
	struct mmu_op o = {.op = op, .mfn = mfn, .address = address, .value = value};

	return hc_domain_mmu(child, &o, 1, &done);
}

/* An image that is still open: only its own frames are written, only as far as they reach. */
static void open_image(uint32_t image, uint64_t frame, uint32_t child)
{
	static uint8_t bytes[PAGE_SIZE];
	struct domain_copy c = {.domid = image, .len = 8, .reserved0 = 1, .mfn = frame, .buffer = (uint64_t)bytes};
	uint64_t list[2], own = raw_frame();

	raw_refused("attached while it is open", hc_image_attach(child, image), HC_EIMAGE);
	raw_refused("no frames", hc_image_populate(image, list, 0, 0), HC_EINVAL);
	raw_refused("65 frames", hc_image_populate(image, list, POPULATE_MAX + 1, 0), HC_EINVAL);
	raw_refused("flag 2", hc_image_populate(image, list, 1, 2), HC_EINVAL);
	raw_refused("frames told to a read-only page", hc_image_populate(image, (uint64_t *)start_info(), 2, 0),
		    HC_EFAULT);
	raw_refused("a reserved field", hc_image_write(&c), HC_EINVAL);
	raw_refused("written past the frame", write_image(image, frame, 4090, 8, bytes), HC_EINVAL);
	raw_refused("written by 2^32 - 1", write_image(image, frame, 8, UINT32_MAX, bytes), HC_EINVAL);
	raw_refused("written into its own frame", write_image(image, own, 0, 8, bytes), HC_EIMAGE);
	raw_refused("written into the hypervisor", write_image(image, RAW_FOREIGN, 0, 8, bytes), HC_EIMAGE);
	raw_refused("written into nothing", write_image(image, RAW_HOLE, 0, 8, bytes), HC_EIMAGE);
	raw_refused("written from the hypervisor", write_image(image, frame, 0, 8, (void *)0xffff800008000000),
		    HC_EFAULT);
	raw_refused("a frame of it mapped", raw_map(window, frame, RO), HC_EFRAME);
	raw_refused("a frame of it written as a domain's", tables(child, MMU_PIN, frame, 0, 1), HC_EFRAME);
	raw_expect("written", write_image(image, frame, 0, PAGE_SIZE, bytes), HC_OK);
	raw_expect_number("given back", raw_give(own), 1);
}

static void sealed_image(uint32_t image, uint64_t frame, uint32_t child)
{
	uint64_t list[2];

	raw_expect("sealed", hc_image_seal(image), HC_OK);
	raw_refused("sealed twice", hc_image_seal(image), HC_EIMAGE);
	raw_refused("populated after the seal", hc_image_populate(image, list, 1, IMAGE_TEXT), HC_EIMAGE);
	raw_refused("written after the seal", write_image(image, frame, 0, 8, list), HC_EIMAGE);
	raw_refused("attached to itself, who runs", hc_image_attach(DOMID_SELF, image), HC_ESTATE);
	raw_refused("attached to nobody", hc_image_attach(NOBODY, image), HC_ENODOM);
	raw_expect("attached", hc_image_attach(child, image), HC_OK);
	raw_refused("attached twice", hc_image_attach(child, image), HC_ESTATE);
	raw_expect("dropped", hc_image_drop(image), HC_OK);
	raw_refused("dropped twice", hc_image_drop(image), HC_EIMAGE);
	raw_refused("populated after that", hc_image_populate(image, list, 1, 0), HC_EIMAGE);
}

static void no_image(uint32_t image, uint32_t child)
{
	/* Not the next generation: another builder may have made an image there meanwhile. */
	const uint32_t ids[] = {image, 0, IMAGE_MAX, 0xffff, UINT32_MAX, image + 0x70000000, image - 0x10000};
	uint64_t list[2];

	for (unsigned i = 0; i < ARRAY_SIZE(ids); i++) {
		raw_refused("populate no image", hc_image_populate(ids[i], list, 1, 0), HC_EIMAGE);
		raw_refused("write no image", write_image(ids[i], RAW_FOREIGN, 0, 8, list), HC_EIMAGE);
		raw_refused("seal no image", hc_image_seal(ids[i]), HC_EIMAGE);
		raw_refused("attach no image", hc_image_attach(child, ids[i]), HC_EIMAGE);
		raw_refused("drop no image", hc_image_drop(ids[i]), HC_EIMAGE);
	}
}

static void images(void)
{
	int64_t image = hc_image_create();
	uint32_t child = child_create(SLOT), other = child_create(SLOT + 1), id = (uint32_t)image;
	uint64_t frame = 0;

	if (image <= 0)
		raw_hole("no image: %ld", (long)image);
	raw_expect_number("a frame of it", hc_image_populate(id, &frame, 1, IMAGE_TEXT), 1);
	open_image(id, frame, child);
	sealed_image(id, frame, child);
	raw_refused("another attached when it was dropped", hc_image_attach(other, id), HC_EIMAGE);
	child_drop(child);
	no_image(id, other);
	raw_refused("its frame mapped", raw_map(window, frame, RO), HC_EFRAME);
	child_drop(other);
	raw_refused("attach the dead", hc_image_attach(child, id), HC_ENODOM);
}

/* Tables of a domain under construction: its own frames, by the rules that hold for its own updates. */
static void construction(void)
{
	uint32_t child = child_create(SLOT);
	uint64_t f[4] = {0}, own = raw_frame();
	struct domain_copy c = {.domid = child, .len = 8, .buffer = (uint64_t)f};
	struct domain_vcpu vcpu = {.domid = child};
	struct mmu_op op = {.op = MMU_PIN, .level = 1, .value = 1};

	raw_expect_number("frames for it", hc_domain_populate(child, f, 4), 4);
	raw_refused("a domain that runs", tables(DOMID_SELF, MMU_PIN, own, 0, 1), HC_ESTATE);
	raw_refused("the control domain", tables(0x10000, MMU_PIN, own, 0, 1), HC_ESTATE);
	raw_refused("nobody", tables(NOBODY, MMU_PIN, own, 0, 1), HC_ENODOM);
	for (uint32_t o = 0; o < 10; o++)
		if (o != MMU_UPDATE && o != MMU_PIN && o != MMU_UNPIN)
			raw_refused("an operation on an address space", tables(child, o, f[0], 0, 0), HC_EINVAL);
	raw_refused("a level beside MMU_PIN", hc_domain_mmu(child, &op, 1, &done), HC_EINVAL);
	raw_refused("operations of the hypervisor's", hc_domain_mmu(child, (void *)0xffff800008000000, 1, &done),
		    HC_EFAULT);
	raw_refused("129 operations", hc_domain_mmu(child, &op, MMU_OPS_MAX + 1, &done), HC_EINVAL);
	raw_refused("the builder's frame as its table", tables(child, MMU_PIN, own, 0, 1), HC_EFRAME);
	raw_refused("its frame as the builder's table", raw_pin(f[0], 1), HC_EFRAME);
	raw_expect("level 1", tables(child, MMU_PIN, f[0], 0, 1), HC_OK);
	raw_refused("its table updated as the builder's", raw_mmu(MMU_UPDATE, f[0], 0, 0), HC_ENOTABLE);
	raw_refused("the builder's frame in it", tables(child, MMU_UPDATE, f[0], 1, raw_entry(own, RO)), HC_EFRAME);
	raw_refused("the hypervisor in it", tables(child, MMU_UPDATE, f[0], 1, raw_entry(RAW_FOREIGN, RO)), HC_EFRAME);
	raw_refused("a writable table in it", tables(child, MMU_UPDATE, f[0], 1, raw_entry(f[0], RW)), HC_ETYPE);
	c.mfn = f[0];
	raw_refused("its table written", hc_domain_write(&c), HC_ETYPE);
	raw_expect("text in it", tables(child, MMU_UPDATE, f[0], 1, raw_entry(f[1], 0)), HC_OK);
	raw_refused("the same, writable", tables(child, MMU_UPDATE, f[0], 2, raw_entry(f[1], RW)), HC_ETYPE);
	c.mfn = f[1];
	raw_refused("its text written", hc_domain_write(&c), HC_ETYPE);
	c.mfn = own;
	raw_refused("the builder's frame written as its", hc_domain_write(&c), HC_EINVAL);
	vcpu.root = f[2];
	raw_refused("a root that is no table", hc_domain_vcpu_setup(&vcpu), HC_EUNPINNED);
	vcpu.root = f[0];
	raw_refused("a root of level 1", hc_domain_vcpu_setup(&vcpu), HC_ETYPE);
	vcpu.root = raw_root();
	raw_refused("the builder's root", hc_domain_vcpu_setup(&vcpu), HC_EFRAME);
	raw_refused("started without one", hc_domain_start(child), HC_ESTATE);
	child_drop(child);
	raw_refused("the tables of the dead", tables(child, MMU_PIN, f[3], 0, 1), HC_ENODOM);
	raw_expect_number("given back", raw_give(own), 1);
}

static void memory(void)
{
	uint32_t child = child_create(SLOT);
	struct domain_create greedy = {.name = "greedy",
				       .slot = SLOT + 1,
				       .max_pages = 1u << 30,
				       .reserved_pages = 1u << 30,
				       .weight = 1,
				       .vcpu_count = 1};
	uint64_t list[MEMORY_MAX];

	raw_refused("a promise of more than there is", hc_domain_create(&greedy), HC_ENOMEM);
	greedy.max_pages = 1;
	raw_refused("a promise above the maximum", hc_domain_create(&greedy), HC_EINVAL);
	raw_refused("a target above the maximum", hc_memory_set(child, 1u << 20, 0), HC_EINVAL);
	raw_refused("a promise above the target", hc_memory_set(child, 10, 11), HC_EINVAL);
	raw_refused("a target for nobody", hc_memory_set(NOBODY, 10, 0), HC_ENODOM);
	raw_refused("figures of nobody", hc_memory_info(NOBODY, (void *)list), HC_ENODOM);
	raw_refused("who is where nobody is", hc_domain_at(DOMAIN_SLOTS - 1, (void *)list), HC_ENODOM);
	raw_refused("who is in a slot that there is not", hc_domain_at(DOMAIN_SLOTS, (void *)list), HC_ENODOM);
	raw_refused("who is there, into a read-only page", hc_domain_at(1, (void *)start_info()), HC_EFAULT);
	raw_refused("the machine's memory into a read-only page", hc_machine_memory((void *)start_info()), HC_EFAULT);
	raw_expect("a target of one frame", hc_memory_set(child, 1, 0), HC_OK);
	raw_expect("a frame above it", hc_domain_populate(child, list, 1), HC_ELIMIT);
	raw_expect("destroyed", hc_domain_destroy(child), HC_OK);
	raw_refused("a target for the dead", hc_memory_set(child, 10, 0), HC_ESTATE);
	while (hc_domain_release(child) == -HC_EAGAIN)
		;
}

/* Nobody gets what its builder has not, alone or beside what he has; no such domain is left behind. */
static void capabilities(void)
{
	struct domain_create c = {.name = "mighty", .slot = SLOT, .max_pages = 64, .weight = 1, .vcpu_count = 1};
	uint32_t own = start_info()->capabilities;

	for (uint32_t bit = 1; bit; bit <<= 1) {
		if (own & bit)
			continue;
		c.capabilities = bit;
		raw_refused("a capability that it has not", hc_domain_create(&c), HC_EPERM);
		c.capabilities = own | bit;
		raw_refused("that beside its own", hc_domain_create(&c), HC_EPERM);
	}
	c.capabilities = UINT32_MAX;
	raw_refused("all of them", hc_domain_create(&c), HC_EPERM);
	child_drop(child_create(SLOT));
	raw_refused("a device assigned", hc_device_assign(DOMID_SELF, 0), HC_EPERM);
	raw_refused("the machine switched off", hc_machine_power(0), HC_EPERM);
	raw_refused("the console read", hc_console_read(0, (char *)&done, 1), HC_EPERM);
}

int main(void)
{
	raw_start(0);
	window = window_alloc(1);
	capabilities();
	images();
	construction();
	memory();
	return raw_end("builder");
}
