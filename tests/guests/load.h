/* SPDX-License-Identifier: BSD-2-Clause */
/* What the streams of guests/load.c hold. */
#ifndef CAMBIUM_TESTS_LOAD_BYTES_H
#define CAMBIUM_TESTS_LOAD_BYTES_H

#define LOAD_PERIOD 65521u /* a prime: a piece that is missing or in another place shows */
#define LOAD_BYTE(i) ((uint8_t)((i) % LOAD_PERIOD * 7 + (i) % LOAD_PERIOD / 251))

#endif
