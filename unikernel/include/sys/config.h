/* SPDX-License-Identifier: BSD-2-Clause */
/* newlib's <sys/config.h>, with read() and write() returning ssize_t as POSIX has them; the library was built with int,
 * which is the same register, and asks for less than 2 GiB at a time. */
#ifndef CAMBIUM_SYS_CONFIG_H
#define CAMBIUM_SYS_CONFIG_H

#define _READ_WRITE_RETURN_TYPE _ssize_t

#include_next <sys/config.h>

#endif
