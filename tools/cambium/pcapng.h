/* SPDX-License-Identifier: BSD-2-Clause */
/* A capture file in the pcapng format (draft-ietf-opsawg-pcapng): one section, one Ethernet interface. */
#ifndef CAMBIUM_TOOLS_PCAPNG_H
#define CAMBIUM_TOOLS_PCAPNG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Writes the beginning: section and interface, called @name, whose frames are cut to @snap_bytes. */
void pcapng_begin(FILE *out, const char *name, uint32_t snap_bytes);

/* A frame of @length bytes, of which the @bytes at @data are there, seen at @when_ns since 1970. */
void pcapng_frame(FILE *out, uint64_t when_ns, const uint8_t *data, uint32_t bytes, uint32_t length, bool is_outgoing);

/* The statistics that end it: @dropped frames found no room. */
void pcapng_end(FILE *out, uint64_t when_ns, uint64_t dropped);

#endif
