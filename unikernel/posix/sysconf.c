/* SPDX-License-Identifier: BSD-2-Clause */
/* The few limits that programs ask for. */
#include <errno.h>
#include <unistd.h>

#include <cambium/fd.h>
#include <cambium/mem.h>
#include <cambium/start.h>

#include "result.h"

long sysconf(int name)
{
	struct memory_figures figures;

	switch (name) {
	case _SC_PAGESIZE: return PAGE_SIZE;
	case _SC_OPEN_MAX: return FD_MAX;
	case _SC_NPROCESSORS_CONF:
	case _SC_NPROCESSORS_ONLN: return 1;
	case _SC_PHYS_PAGES: memory_figures(&figures); return (long)figures.target;
	case _SC_AVPHYS_PAGES: return (long)pages_available();
	case _SC_CLK_TCK: return CLOCKS_PER_SEC;
	case _SC_HOST_NAME_MAX: return DOMAIN_NAME_MAX;
	default: return result_of(-EINVAL);
	}
}
