/* SPDX-License-Identifier: BSD-2-Clause */
/* The names of reasons, from the one list. */
#include "reason.h"

const char *reason_get_name(enum reason reason)
{
	switch (reason) {
#define X(name, text)                                                                                                  \
	case REASON_##name: return #name;
		REASON_LIST(X)
#undef X
	case REASON_COUNT: break;
	}
	return "UNKNOWN";
}

const char *reason_get_text(enum reason reason)
{
	switch (reason) {
#define X(name, text)                                                                                                  \
	case REASON_##name: return text;
		REASON_LIST(X)
#undef X
	case REASON_COUNT: break;
	}
	return "unknown";
}
