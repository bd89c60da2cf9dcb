/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nic VICTIM OTHER: a driver of a virtio network card that gives it rings and buffers which are not its own. At last, where
 * an IOMMU refuses, it has the card send from nowhere without end, until the card is stopped; not before the driver in slot
 * OTHER has ended, since a unit that has a record for one fault alone loses others' meanwhile.
 */
#include "hostile_meeting.h"

#include <stdlib.h>

#include <cambium/device.h>
#include <drivers/virtio/virtio_pci.h>

#define QUEUE_RX 0u
#define QUEUE_TX 1u
#define HEADER 12u /* virtio's own, before each frame */
#define FRAME (HEADER + 60u)
#define POLLS 20000u /* of a millisecond */
#define STORM_MAX 200000u

/* Section 4.1.4.3 of virtio 1.1, as drivers/virtio/virtio_pci.c has it: what queues are told. */
enum { QUEUE_SELECT = 22, QUEUE_ENABLE = 28, QUEUE_DESC = 32, QUEUE_AVAIL = 40, QUEUE_USED = 48 };

static struct virtio_device dev;
static struct virtio_queue rx, tx;
static struct victim victim;
static uint32_t index_;
static bool confined;
static unsigned reached;
static uint8_t *buffer;

static uint32_t faults(void)
{
	struct device_info info;

	return hc_device_info(index_, &info) ? 0 : info.faults;
}

static bool open_card(void)
{
	struct device_entry entry;
	const char *wrong = "there is none";

	for (unsigned i = 0; i < device_count(); i++)
		if (device_read(i, &entry) && entry.kind == DEVICE_PCI) {
			index_ = entry.pci_device;
			wrong = virtio_open(&dev, index_, 1);
		}
	if (!wrong)
		wrong = virtio_negotiate(&dev, 0, 0);
	if (!wrong)
		wrong = virtio_queue_setup(&dev, &rx, QUEUE_RX, VIRTIO_NO_VECTOR);
	if (!wrong)
		wrong = virtio_queue_setup(&dev, &tx, QUEUE_TX, VIRTIO_NO_VECTOR);
	if (wrong)
		raw_hole("the card: %s", wrong);
	return !wrong;
}

static void ring_move(uint16_t queue, unsigned area, uint64_t bus)
{
	volatile uint8_t *common = (volatile uint8_t *)dev.common;

	*(volatile uint16_t *)(common + QUEUE_SELECT) = queue;
	*(volatile uint32_t *)(common + area) = (uint32_t)bus;
	*(volatile uint32_t *)(common + area + 4) = (uint32_t)(bus >> 32);
	*(volatile uint16_t *)(common + QUEUE_ENABLE) = 1;
}

static void give(struct virtio_queue *q, uint64_t bus, uint32_t len, bool writable)
{
	struct virtq_piece piece = {bus, len, writable};
	uint16_t head;

	if (virtqueue_add(&q->ring, &piece, 1, &head))
		virtqueue_publish(&q->ring);
	virtio_notify(q);
}

/* A question to which the network answers: who is 10.0.2.2. */
static void ask(void)
{
	static const uint8_t frame[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0,  9, 8, 6,
					0,    1,    8,    0,    6,    4,    0, 1, 2, 0, 0,  0, 0, 9,
					10,   0,    2,    99,   0,    0,    0, 0, 0, 0, 10, 0, 2, 2};

	memcpy(buffer + HEADER, frame, sizeof frame);
	give(&tx, pages_mfn(buffer) << PAGE_SHIFT, FRAME, false);
}

static bool wait_done(const struct virtio_queue *q)
{
	for (unsigned i = 0; i < POLLS && !virtqueue_is_pending(&q->ring) && !virtio_is_failed(&dev); i++)
		hc_sched_block(raw_now() + 1000000);
	return virtqueue_is_pending(&q->ring);
}

static void book(const char *what, bool arrived, uint32_t before)
{
	raw_attempts++;
	reached += arrived;
	for (unsigned i = 0; confined && i < POLLS && faults() == before; i++)
		hc_sched_block(raw_now() + 1000000);
	if (confined && arrived)
		raw_hole("%s: it arrived", what);
	else if (confined && faults() == before)
		raw_hole("%s: refused, but not counted", what);
	else if (!confined && !arrived)
		raw_hole("%s: it did not arrive, although nothing confines the device", what);
}

/* With its own rings and buffers the card sends and receives: else the rest would prove nothing. */
static void works(void)
{
	uint32_t before;

	raw_attempts++;
	if (!open_card())
		return;
	before = faults();
	give(&rx, (pages_mfn(buffer) << PAGE_SHIFT) + 2048, 2048, true);
	virtio_start(&dev);
	virtio_notify(&rx);
	ask();
	if (!wait_done(&tx) || !wait_done(&rx) || faults() != before)
		raw_hole("the card does not work, with %u faults", faults() - before);
}

static void buffer_try(uint64_t secret)
{
	uint32_t before;

	if (!open_card())
		return;
	before = faults();
	give(&rx, secret, 2048, true);
	virtio_start(&dev);
	virtio_notify(&rx);
	ask();
	wait_done(&rx);
	book("a buffer of another to receive into", victim_changed(&victim), before);
	before = faults();
	if (confined) {
		give(&tx, secret, FRAME, false);
		wait_done(&tx);
		book("a buffer of another to send", false, before);
	}
}

/* The card writes to one of the three areas alone; that it reads the others shows in the faults only. */
static void ring_try(const char *what, unsigned area, uint64_t secret)
{
	bool arrived = false;
	uint32_t before;

	if ((!confined && area != QUEUE_USED) || !open_card())
		return;
	before = faults();
	ring_move(QUEUE_TX, area, secret);
	virtio_start(&dev);
	ask();
	for (unsigned i = 0; i < POLLS && !arrived && faults() == before; i++)
		arrived = victim_changed(&victim);
	book(what, arrived || victim_changed(&victim), before);
}

static void wait_for_end(uint32_t other)
{
	while (raw_grant_map(other, 1, 0, victim.va) == -HC_EGRANT)
		hc_sched_block(raw_now() + 10000000);
}

static void storm(uint64_t secret)
{
	int64_t result = 0;
	unsigned i;

	if (!open_card())
		return;
	virtio_start(&dev);
	for (i = 0; i < STORM_MAX && result == 0; i++) {
		uint16_t head;
		uint32_t len;

		give(&tx, secret, FRAME, false);
		while (virtqueue_take(&tx.ring, &head, &len) == VIRTQ_OK)
			;
		result = hc_device_master(index_, 1);
		if (virtio_is_failed(&dev) && result == 0 && open_card())
			virtio_start(&dev);
	}
	raw_expect("stopped", result, HC_EFAULTS);
	raw_expect("for good", hc_device_master(index_, 1), HC_EFAULTS);
	printf("nic: %s\n", i < STORM_MAX ? "stopped" : "never stopped");
}

int main(int argc, char **argv)
{
	uint64_t secret = 0, va;

	if (argc != 3)
		return 2;
	confined = start_info()->features & FEATURE_IOMMU;
	buffer = pages_alloc(1);
	victim_meet(&victim, atoi(argv[1]));
	va = victim_map(&victim, SECRET_REF, 0, &secret);
	raw_expect("unmapped", hc_grant_unmap(va, 1), HC_OK);
	victim_step(&victim, STEP_REVOKE);
	if (dma_allow(buffer, 1) < 0)
		return 2;
	works();
	buffer_try(secret);
	ring_try("descriptors of another", QUEUE_DESC, secret);
	ring_try("an available ring of another", QUEUE_AVAIL, secret);
	ring_try("a used ring of another", QUEUE_USED, secret);
	virtio_reset(&dev);
	if (confined) {
		wait_for_end(MEETING_DOMID(atoi(argv[2])));
		storm(secret);
	}
	victim_step(&victim, STEP_END);
	if (!confined)
		printf("nic: %u attacks arrived, nothing stops them\n", reached);
	return raw_end("nic");
}
