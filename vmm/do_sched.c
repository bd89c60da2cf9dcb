/* SPDX-License-Identifier: BSD-2-Clause */
/* Hypercalls of a vCPU about itself: sleeping, timers, entry points, and the machine's console. */
#include "calls.h"
#include "machine.h"
#include "core/event.h"
#include "log.h"
#include "run.h"
#include "vcpu.h"
#include "serial.h"
#include "upcall.h"

#define CONSOLE_CHUNK 256u

int64_t do_console_write(struct vcpu *v, uint32_t channel, guest_va_t bytes, uint32_t len)
{
	char buffer[CONSOLE_CHUNK];
	uint32_t n = MIN(len, CONSOLE_CHUNK);

	if (!serial_present(channel))
		return -HC_EINVAL;
	if (!copy_from_guest(buffer, bytes, n))
		return -HC_EFAULT;
	return channel == 0 ? log_share(buffer, n) : serial_write(channel, buffer, n);
}

int64_t do_console_read(struct vcpu *v, uint32_t channel, guest_va_t bytes, uint32_t len)
{
	char buffer[CONSOLE_CHUNK];
	uint32_t n;

	if (!serial_present(channel))
		return -HC_EINVAL;
	if (!range_within(bytes.v, len, GUEST_TOP))
		return -HC_EFAULT;
	n = serial_read(channel, buffer, MIN(len, CONSOLE_CHUNK));
	return copy_to_guest(bytes, buffer, n) ? (int64_t)n : -HC_EFAULT;
}

int64_t do_sched_yield(struct vcpu *v)
{
	run_yield();
	return 0;
}

int64_t do_sched_block(struct vcpu *v, uint64_t deadline)
{
	return run_block(v, deadline, NULL);
}

int64_t do_sched_handover(struct vcpu *v, uint32_t port, uint64_t deadline)
{
	uint32_t peer_port;
	struct vcpu *to = event_receiver(&world, v->domain, port, &peer_port);
	enum abi_error e = HC_OK;

	this_cpu()->handed = to;
	if (to)
		event_raise(&world, to->domain, peer_port);
	else
		e = event_send(&world, v->domain, port);
	this_cpu()->handed = NULL;
	return e == HC_OK ? run_block(v, deadline, to) : -(int64_t)e;
}

int64_t do_sched_shutdown(struct vcpu *v, uint32_t reason, uint32_t code)
{
	if (reason != REASON_EXIT && reason != REASON_CRASH && reason != REASON_REBOOT)
		return -HC_EINVAL;
	domain_kill(v->domain, (enum domain_reason)reason, code);
	return 0;
}

int64_t do_timer_set(struct vcpu *v, uint64_t deadline)
{
	run_timer(v, deadline);
	return 0;
}

int64_t do_entry_set(struct vcpu *v, const struct entry_set *set)
{
	if (set->upcall >= GUEST_TOP || set->exception >= GUEST_TOP || set->exception_stack > GUEST_TOP ||
	    (set->exception_stack & 15))
		return -HC_EADDRESS;
	v->upcall = set->upcall;
	v->exception = set->exception;
	v->exception_stack = set->exception_stack;
	v->domain->shared->upcall_handler = set->upcall;
	return 0;
}

int64_t do_entry_resume(struct vcpu *v, const struct trap_frame *frame)
{
	exception_resume(v, this_cpu()->frame, frame);
	return 0;
}

int64_t do_machine_power(struct vcpu *v, uint32_t restart)
{
	if (restart > 1)
		return -HC_EINVAL;
	if (restart)
		machine_restart();
	machine_power_off();
}
