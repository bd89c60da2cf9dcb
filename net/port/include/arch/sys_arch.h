/* SPDX-License-Identifier: BSD-2-Clause */
/* lwIP's semaphores, mutexes, mailboxes and threads, over cambium/thread.h. */
#ifndef CAMBIUM_LWIP_SYS_ARCH_H
#define CAMBIUM_LWIP_SYS_ARCH_H

#include <cambium/thread.h>

struct net_sem {
	struct sem sem;
	bool valid;
};
typedef struct net_sem sys_sem_t;
#define sys_sem_valid(s) ((s)->valid)
#define sys_sem_set_invalid(s) ((s)->valid = false)

typedef struct mutex sys_mutex_t;
#define sys_mutex_valid(m) ((m) != NULL)
#define sys_mutex_set_invalid(m) ((void)(m))

/* A bounded queue of pointers. trypost is callable from event callbacks. */
struct net_mbox;
typedef struct net_mbox *sys_mbox_t;
#define sys_mbox_valid(m) (*(m) != NULL)
#define sys_mbox_set_invalid(m) (*(m) = NULL)

typedef struct thread *sys_thread_t;

/* lwIP's core lock. Giving it back shows the back ends what was sent while it was held (net/port/net_if.c). */
void net_core_lock(void);
void net_core_unlock(void);

/* The calling thread's own semaphore. */
sys_sem_t *net_thread_sem(void);
#define LWIP_NETCONN_THREAD_SEM_GET() net_thread_sem()
#define LWIP_NETCONN_THREAD_SEM_ALLOC() ((void)0)
#define LWIP_NETCONN_THREAD_SEM_FREE() ((void)0)

#endif
