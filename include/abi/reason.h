/* SPDX-License-Identifier: BSD-2-Clause */
/* Why a domain ended: a closed list, each with the sentence that the control domain prints. */
#ifndef CAMBIUM_ABI_REASON_H
#define CAMBIUM_ABI_REASON_H

#define DOMAIN_REASONS(R)                                                                                              \
	R(0, REASON_NONE, "still alive")                                                                               \
	R(1, REASON_EXIT, "exited")                                                                                    \
	R(2, REASON_CRASH, "reported its own crash")                                                                   \
	R(3, REASON_EXCEPTION, "exception without a handler")                                                          \
	R(4, REASON_DOUBLE, "exception inside the exception handler")                                                  \
	R(5, REASON_EXCEPTION_STACK, "exception stack not writable")                                                   \
	R(6, REASON_UPCALL_STACK, "stack not writable for an upcall")                                                  \
	R(7, REASON_UPCALL_FRAME, "upcall frame not readable at its exit")                                             \
	R(8, REASON_RESUME, "resumed with a state that it must not have")                                              \
	R(9, REASON_KILLED, "ended by the control domain")                                                             \
	R(10, REASON_REBOOT, "asked to be restarted")                                                                  \
	R(11, REASON_NO_RANDOM, "no source of randomness")

enum domain_reason {
#define DOMAIN_REASON_ENUM(number, name, text) name = number,
	DOMAIN_REASONS(DOMAIN_REASON_ENUM)
#undef DOMAIN_REASON_ENUM
};

static inline const char *domain_reason_text(unsigned reason)
{
	switch (reason) {
#define DOMAIN_REASON_TEXT(number, name, text)                                                                         \
	case number: return text;
		DOMAIN_REASONS(DOMAIN_REASON_TEXT)
#undef DOMAIN_REASON_TEXT
	default: return "unknown reason";
	}
}

#endif
