/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of things at the contract between hypervisor and domains.
 *
 * A domain id is a slot (low 16 bits) and a generation (high 16 bits, never 0 for a real domain): when a slot is used
 * again the old ids are dead, not recycled. A frame is named by its machine frame number (physical address / 4096).
 * An event port is local to its domain; a grant reference is local to the domain that offers.
 */
#ifndef CAMBIUM_ABI_TYPES_H
#define CAMBIUM_ABI_TYPES_H

#include <stdint.h>

#ifdef __cplusplus
#define ABI_ASSERT(c, what) static_assert(c, what)
#else
#define ABI_ASSERT(c, what) _Static_assert(c, what)
#endif

#define ABI_VERSION 1u

#define DOMID_SELF 0xffffffffu
#define DOMID_NONE 0u
#define DOMID_SLOT(id) ((id)&0xffffu)
#define DOMID_GENERATION(id) ((id) >> 16)

#define DOMAIN_NAME_MAX 16u
#define VCPU_MAX 8u
#define EVENT_PORT_MAX 4096u
#define TIME_NEVER UINT64_MAX

/* Capabilities in the domain record. Privilege is these bits and nothing else. */
#define CAP_CONSOLE 0x1u /* read and write the machine's serial channels */
#define CAP_DOMAIN 0x2u  /* create, build, control and examine domains; connect events and grants on their behalf */
#define CAP_DEVICE 0x4u  /* assign devices to domains */
#define CAP_POWER 0x8u   /* power the machine off or restart it */
#define CAP_ALL 0xfu

/* Features, in start_info.features. */
#define FEATURE_IOMMU 0x1u    /* DMA of devices is confined */
#define FEATURE_INTREMAP 0x8u /* a device raises its own interrupts and no others */
#define FEATURE_FSGSBASE 0x2u /* RDFSBASE and friends work in ring 3 */
#define FEATURE_XSAVE 0x4u    /* XSAVE area is switched (else FXSAVE) */

#endif
