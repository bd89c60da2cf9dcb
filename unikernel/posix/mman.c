/* SPDX-License-Identifier: BSD-2-Clause */
/* mmap, munmap and mprotect over the runtime's mappings (map.c), and POSIX's rules of arguments. */
#include <errno.h>
#include <sys/mman.h>

#include <cambium/fd.h>

#include "../mem_internal.h"
#include "result.h"

#define FLAGS_KNOWN (MAP_SHARED | MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_POPULATE | MAP_STACK)

/* Access of a mapping from PROT_x; writable memory is readable. */
static int access_of(int prot, uint64_t *access)
{
	if (prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC))
		return -EINVAL;
	if (prot & PROT_EXEC)
		return -ENOTSUP;
	*access = prot & PROT_WRITE ? MAP_WRITE : prot & PROT_READ ? MAP_READ : MAP_NONE;
	return 0;
}

static int file_error(int fd)
{
	struct file *f = fd_get(fd);

	if (!f)
		return -EBADF;
	file_put(f);
	return -ENODEV;
}

/* Pages of @len bytes; 0: none or too many. */
static size_t pages_of(size_t len)
{
	return len > SIZE_MAX - PAGE_SIZE ? 0 : align_up(len, PAGE_SIZE) / PAGE_SIZE;
}

void *mmap(void *address, size_t len, int prot, int flags, int fd, off_t offset)
{
	uint64_t access = MAP_NONE, va = 0;
	int sharing = flags & (MAP_SHARED | MAP_PRIVATE), result = access_of(prot, &access);

	(void)address; /* a wish without force */
	if (!len || (flags & ~FLAGS_KNOWN) || (sharing != MAP_SHARED && sharing != MAP_PRIVATE) || offset % PAGE_SIZE)
		result = -EINVAL;
	else if (flags & MAP_FIXED)
		result = -ENOTSUP;
	else if (!result && !(flags & MAP_ANONYMOUS))
		result = file_error(fd);
	if (!result)
		result = pages_of(len) ? map_create(pages_of(len), access, &va) : -ENOMEM;
	return result ? (void *)result_of(result) : (void *)(uintptr_t)va;
}

int munmap(void *address, size_t len)
{
	return (int)result_of(pages_of(len) ? map_remove((uintptr_t)address, pages_of(len)) : -EINVAL);
}

int mprotect(void *address, size_t len, int prot)
{
	uint64_t access = MAP_NONE;
	int result = access_of(prot, &access);

	if ((uintptr_t)address % PAGE_SIZE)
		result = -EINVAL;
	if (!result && len)
		result = pages_of(len) ? map_protect((uintptr_t)address, pages_of(len), access) : -ENOMEM;
	return (int)result_of(result);
}
