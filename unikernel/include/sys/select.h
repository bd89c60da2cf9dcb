/* SPDX-License-Identifier: BSD-2-Clause */
/* select(), as newlib declares it, for as many descriptors as there can be (FD_MAX in cambium/fd.h). */
#ifndef CAMBIUM_SYS_SELECT_H
#define CAMBIUM_SYS_SELECT_H

#ifndef FD_SETSIZE
#define FD_SETSIZE 1024
#endif

#include_next <sys/select.h>

#endif
