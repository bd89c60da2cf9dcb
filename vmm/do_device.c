/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device hypercalls. Invariant: a vector of the device range is bound to at most one (domain, port), whose domain owns the
 * device; the owner in a function's info.owner is a live domain or DOMID_NONE.
 */
#include "calls.h"
#include "core/dma.h"
#include "core/domain.h"
#include "core/event.h"
#include "core/frame.h"
#include "core/pci_policy.h"
#include "device.h"
#include "iommu.h"
#include "log.h"
#include "pci.h"
#include "time.h"
#include "vectors.h"

#define VECTORS (VECTOR_DEVICE_LAST - VECTOR_DEVICE_FIRST + 1)
#define FAULTS_TOLD 8u /* each; then every doubling */
#define STORM_FAULTS 256u
#define STORM_PAUSE_NS 10000000000ull

/* By handle of the IOMMU; vector VECTOR_DEVICE_FIRST + handle. */
static struct binding {
	domid_t domain; /* DOMID_NONE: free */
	uint32_t port;
	const struct pci_function *device;
	uint32_t entry;
} bindings[VECTORS];

void device_interrupt(uint8_t vector)
{
	unsigned n = vector - VECTOR_DEVICE_FIRST;
	struct domain *d = n < VECTORS && bindings[n].domain ? domain_find(&world, bindings[n].domain) : NULL;

	const struct port *p = d ? event_port(d, bindings[n].port) : NULL;

	/* A binding that is being made or dropped at this moment may be read half; no more than a spurious event comes of it. */
	if (p && p->state == PORT_DEVICE)
		event_raise(&world, d, bindings[n].port);
	else
		world.unexpected_interrupts++;
}

static void binding_drop(unsigned n)
{
	iommu_unroute(n);
	bindings[n].domain = DOMID_NONE;
}

void device_unbind(const struct port *p)
{
	pci_msix_mask(bindings[p->peer_port].device, bindings[p->peer_port].entry);
	binding_drop(p->peer_port);
}

static void fault_told(struct pci_function *p, const struct domain *d, const struct iommu_fault *f)
{
	uint32_t n = ++p->info.faults;

	if (n > FAULTS_TOLD && (n & (n - 1)))
		return;
	log_line("dma: %02x:%02x.%u of domain %u (%s): %s %lx refused, reason %u; %u so far", f->bdf >> 8,
		 f->bdf >> 3 & 31u, f->bdf & 7u, d ? DOMID_SLOT(d->id) : 0, d ? d->name : "nobody",
		 f->interrupt ? "interrupt"
		 : f->read    ? "read of"
			      : "write to",
		 f->address, f->reason, n);
}

/*
 * One that goes on and on would take the CPU with its faults alone; so long a pause means that it had ended. True: it is to
 * be stopped.
 */
static bool fault_storm(struct pci_function *p)
{
	uint64_t now = time_now();

	if (now - p->storm_last > STORM_PAUSE_NS)
		p->storm = 0;
	p->storm_last = now;
	if (++p->storm < STORM_FAULTS || p->stopped)
		return false;
	p->stopped = true;
	return true;
}

bool device_faults_wait;

/* Until no record is left, else no interrupt would tell of the next one. That ends, since who goes on is stopped. */
void device_faults(void)
{
	static struct pci_function
		other; /* a bridge's own, say: it cannot be stopped, so that nothing is told any more */
	struct iommu_fault f;

	__atomic_store_n(&device_faults_wait, false, __ATOMIC_RELEASE);
	while (!other.stopped && iommu_next_fault(&f)) {
		struct pci_function *p = &other;

		for (unsigned i = 0; i < pci_count(); i++)
			if (pci_at(i)->info.bdf == f.bdf && pci_at(i)->info.segment == f.segment)
				p = pci_at(i);
		fault_told(p, domain_find(&world, p->info.owner), &f);
		if (!fault_storm(p))
			continue;
		if (p == &other) {
			iommu_faults_off();
		} else {
			pci_bus_master(p, false);
			iommu_detach(p);
		}
		log_line("dma: %02x:%02x.%u is %s: %u faults without a pause", f.bdf >> 8, f.bdf >> 3 & 31u, f.bdf & 7u,
			 p == &other ? "no function of this machine, and no fault is told any more" : "stopped",
			 p->storm);
	}
}

void device_quiesce(struct domain *d)
{
	for (unsigned i = 0; d->devices_owned && i < pci_count(); i++) {
		struct pci_function *p = pci_at(i);

		if (p->info.owner != d->id)
			continue;
		if (!pci_bus_master(p, false))
			log_line("device %04x: bus mastering does not go off; its owner's frames may still be written",
				 p->info.bdf);
		pci_msix_mask_all(p);
		iommu_detach(p);
		p->resetting = pci_reset_begin(p);
		p->info.owner = DOMID_NONE;
		d->devices_owned--;
	}
	for (unsigned n = 0; n < VECTORS; n++)
		if (bindings[n].domain == d->id)
			binding_drop(n);
}

int64_t do_device_info(struct vcpu *v, struct pci_function *f, struct device_info *info)
{
	*info = f->info;
	return 0;
}

bool device_io_allowed(const struct domain *d, mfn_t mfn)
{
	for (unsigned n = 0; n < pci_count() * DEVICE_BARS; n++) {
		const struct pci_function *f = pci_at(n / DEVICE_BARS);
		uint64_t first = f->info.bar[n % DEVICE_BARS], bytes = f->info.bar_bytes[n % DEVICE_BARS];

		/* A smaller one shares its page with others' registers. */
		if (f->info.owner == d->id && bytes >= PAGE_SIZE && mfn - (first >> PAGE_SHIFT) < bytes >> PAGE_SHIFT)
			return !pci_bar_contains_msix(f, mfn);
	}
	return false;
}

int64_t do_device_assign(struct vcpu *v, uint32_t domid, struct pci_function *p)
{
	struct domain *d = domain_find(&world, domid);
	enum abi_error e;

	if (!d)
		return -HC_ENODOM;
	if (d->state != DOMAIN_CONSTRUCTION)
		return -HC_ESTATE;
	if (p->withheld || p->info.owner != DOMID_NONE || !iommu_covers(p))
		return -HC_EDEVICE;
	if (p->resetting) {
		if (!pci_reset_done(p))
			return -HC_EAGAIN;
		p->resetting = false;
	}
	WITH_FLUSH(e, dma_open(&world, d));
	if (e != HC_OK)
		return -(int64_t)e;
	p->info.owner = d->id;
	p->info.faults = p->storm = 0;
	p->stopped = false;
	d->devices_owned++;
	iommu_attach(p, d);
	return 0;
}

int64_t do_device_config_read(struct vcpu *v, struct pci_function *f, uint32_t offset, uint32_t width)
{
	return pci_config_valid(f, offset, width) ? pci_read(f, offset, width) : -(int64_t)HC_EINVAL;
}

int64_t do_device_config_write(struct vcpu *v, struct pci_function *f, uint32_t offset, uint32_t width, uint32_t value)
{
	if (!pci_config_valid(f, offset, width))
		return -HC_EINVAL;
	if (!pci_write_allowed(offset, width, value, pci_read(f, offset, width)))
		return -HC_ECONFIG;
	pci_write(f, offset, width, value);
	return 0;
}

int64_t do_device_msix_bind(struct vcpu *v, struct pci_function *p, uint32_t entry)
{
	struct iommu_message message;
	enum abi_error e;
	uint32_t port;
	unsigned n = 0;

	if (!p->msix || entry >= p->info.msix_entries)
		return -HC_EINVAL;
	for (unsigned i = 0; i < VECTORS; i++)
		if (bindings[i].domain == v->domain->id && bindings[i].device == p && bindings[i].entry == entry)
			return -HC_EBUSY;
	while (n < VECTORS && bindings[n].domain)
		n++;
	if (n == VECTORS)
		return -HC_ENOVECTOR;
	WITH_FLUSH(e, event_alloc(&world, v->domain, PORT_DEVICE, DOMID_NONE, n, v->id, &port));
	if (e != HC_OK)
		return -(int64_t)e;
	bindings[n] = (struct binding){v->domain->id, port, p, entry};
	message = iommu_route(
		n, p->info.bdf,
		(struct iommu_route){(uint8_t)(VECTOR_DEVICE_FIRST + n), true, false, this_cpu()->apic_id});
	pci_msix_set(p, entry, message.address, message.data);
	return port;
}

int64_t do_device_master(struct vcpu *v, struct pci_function *f, uint32_t on)
{
	if (on > 1)
		return -HC_EINVAL;
	if (on && f->stopped)
		return -HC_EFAULTS;
	return pci_bus_master(f, on) ? 0 : -HC_EDEVICE;
}

static enum abi_error dma_change(struct domain *d, mfn_t mfn, uint32_t rights)
{
	enum abi_error e;

	if (!frame_is_ram(&world, mfn) || world.frames[mfn].owner != d->id)
		return HC_EFRAME;
	if (!rights)
		return dma_leave(&world, d, mfn) ? HC_OK : HC_EINVAL;
	WITH_FLUSH(e, dma_enter(&world, d, mfn, rights));
	return e;
}

int64_t do_device_dma(struct vcpu *v, guest_va_t mfns, uint32_t count, uint32_t rights)
{
	uint64_t list[DMA_FRAMES_MAX];
	enum abi_error e = HC_OK;
	uint32_t i;

	if (!v->domain->dma_root)
		return -HC_EDEVICE;
	if (!count || count > DMA_FRAMES_MAX || (rights & ~(DMA_READ | DMA_WRITE)))
		return -HC_EINVAL;
	if (!copy_from_guest(list, mfns, count * sizeof list[0]))
		return -HC_EFAULT;
	for (i = 0; i < count && e == HC_OK; i++)
		e = dma_change(v->domain, list[i], rights);
	if (world.dma_stale)
		iommu_flush();
	if (rights)
		iommu_grown();
	if (e == HC_OK)
		return count;
	return i > 1 ? i - 1 : -(int64_t)e;
}
