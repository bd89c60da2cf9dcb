#!/bin/sh
# Ring 0 stays thin: under 8,000 lines of code, blank lines and comments left out, and a stripped
# file under 128 KiB. usage: size.sh BUILD
# SPDX-License-Identifier: BSD-2-Clause
set -eu

max_lines=8000
max_bytes=131072
# vmm/offsets.c is a generator that the build runs: nothing of it is in the binary.
files=$(find vmm -name '*.[chS]' ! -path vmm/offsets.c)
# Each block comment becomes nothing, then lines without a character of code go.
# shellcheck disable=SC2086
lines=$(cat $files | sed -e 's@/\*.*\*/@@' -e '/\/\*/,/\*\//d' -e 's@//.*@@' | grep -c '[^[:space:]]')
bytes=$(wc -c <"$1/vmm.stripped.elf")
echo "size: ring 0 has $lines lines of code (under $max_lines) in a file of $bytes bytes (under $max_bytes)"
[ "$lines" -lt $max_lines ] && [ "$bytes" -lt $max_bytes ]
