/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Anonymous memory by mmap (POSIX.1-2017). Files cannot be mapped (ENODEV), an address cannot be demanded (MAP_FIXED:
 * ENOTSUP), nothing is executable (PROT_EXEC: ENOTSUP, for the domain is sealed). There is one process, so that MAP_SHARED
 * and MAP_PRIVATE are the same.
 */
#ifndef _SYS_MMAN_H
#define _SYS_MMAN_H

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PROT_NONE 0
#define PROT_READ 1
#define PROT_WRITE 2
#define PROT_EXEC 4

#define MAP_SHARED 1
#define MAP_PRIVATE 2
#define MAP_FIXED 0x10
#define MAP_ANONYMOUS 0x20
#define MAP_ANON MAP_ANONYMOUS
#define MAP_NORESERVE 0x4000 /* ignored */
#define MAP_POPULATE 0x8000  /* always so */
#define MAP_STACK 0x20000    /* ignored */

#define MAP_FAILED ((void *)-1)

/* @len bytes, rounded up to pages, of zeros. EINVAL: @len 0, or flags; ENOMEM; ENODEV, EBADF: a file. */
void *mmap(void *address, size_t len, int prot, int flags, int fd, off_t offset);
/* Any part of mappings; what is not mapped in the range stays so. EINVAL: not page aligned, @len 0, or not memory. */
int munmap(void *address, size_t len);
/* ENOMEM: a page of the range is not mapped, or (from PROT_NONE) memory is short; then nothing has changed. */
int mprotect(void *address, size_t len, int prot);

#ifdef __cplusplus
}
#endif

#endif
