/* SPDX-License-Identifier: BSD-2-Clause */
/* The requests that files here know. */
#ifndef CAMBIUM_SYS_IOCTL_H
#define CAMBIUM_SYS_IOCTL_H

#ifdef __cplusplus
extern "C" {
#endif

#define FIONREAD 0x541bu /* int *: bytes that can be read now */
#define FIONBIO 0x5421u  /* const int *: set or clear O_NONBLOCK */

int ioctl(int fd, unsigned long request, ...);

#ifdef __cplusplus
}
#endif

#endif
