/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory for received packets. */
#ifndef CAMBIUM_NET_PORT_RX_POOL_H
#define CAMBIUM_NET_PORT_RX_POOL_H

#include <lwip/pbuf.h>

/*
 * A pbuf with room for @len bytes in one piece, tot_len = len = @len; pbuf_free() gives it back. NULL: too many packets
 * of that size wait to be read, or memory is short: drop the packet. Small packets (acknowledgements, requests) have a
 * budget of their own, so that unread bulk data does not keep them out. Core lock held.
 */
struct pbuf *rx_pool_alloc(uint32_t len);

#endif
