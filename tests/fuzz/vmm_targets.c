/* SPDX-License-Identifier: BSD-2-Clause */
/* Which operations each target of the hypervisor's cores mixes. */
#include "vmm_ops.h"

static vmm_op *const mmu_ops[] = {op_set_entry, op_set_entry, op_set_entry, op_pin,        op_unpin, op_guest_writes,
				  op_set_run,   op_base,      op_alloc,     op_seal,       op_flush, op_flush_one,
				  op_create,    op_kill,      op_release,   op_map,        op_offer, op_alloc_run,
				  op_dma_enter, op_dma_enter, op_dma_leave, op_flush_cpus, op_device};

static vmm_op *const grant_ops[] = {op_offer,     op_offer,     op_map,       op_map,        op_unmap,
				    op_revoke,    op_retarget,  op_copy,      op_accept,     op_create,
				    op_kill,      op_release,   op_alloc,     op_pin,        op_unpin,
				    op_set_entry, op_flush,     op_scrub,     op_target,     op_give_back,
				    op_dma_enter, op_dma_leave, op_dma_flush, op_flush_cpus, op_device};

static vmm_op *const memory_ops[] = {
	op_alloc,      op_alloc_run,      op_give_back,   op_target,       op_scrub,
	op_scrub,      op_image_create,   op_image_write, op_image_attach, op_image_populate,
	op_image_seal, op_image_drop,     op_set_entry,   op_set_entry,    op_pin,
	op_unpin,      op_offer,          op_map,         op_unmap,        op_create,
	op_kill,       op_release,        op_accept,      op_seal,         op_port_alloc,
	op_flush,      op_image_populate, op_dma_enter,   op_dma_leave,    op_dma_flush,
	op_flush_cpus};

static vmm_op *const event_ops[] = {op_port_alloc,  op_port_bind, op_port_pair, op_port_close,
				    op_port_virq,   op_port_send, op_port_send, op_create,
				    op_port_unmask, op_kill,      op_release,   op_target};

#define VMM_TARGET(name)                                                                                               \
	static void run_##name(const uint8_t *bytes, size_t len)                                                       \
	{                                                                                                              \
		vmm_run(name##_ops, ARRAY_SIZE(name##_ops), bytes, len);                                               \
	}                                                                                                              \
	const struct fuzz_target fuzz_##name = {#name, run_##name, vmm_seed, 512}

VMM_TARGET(mmu);
VMM_TARGET(grant);
VMM_TARGET(memory);
VMM_TARGET(event);
