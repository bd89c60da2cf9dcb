#!/bin/sh
# The pure cores are pure: linked together, the product's objects of each core import only
# memcpy, memmove, memset, memcmp and the panic hook (and what the stack protector calls). usage: cores.sh BUILD
# SPDX-License-Identifier: BSD-2-Clause
set -eu

build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
count=0
bad=0
# What the doors share is in the product twice; the loader's position-independent copy has its constants among the data.
for core in vmm/core efi/machine unikernel/core unikernel/control/core net/core drivers/ring; do
	objects=$build/obj
	[ "$core" = efi/machine ] && objects=$build/obj/door
	set --
	for source in "$core"/*.c; do
		[ -e "$source" ] && set -- "$@" "$objects/$source.o"
	done
	[ $# -gt 0 ] || continue
	count=$((count + $#))
	ld -r -o "$work/core.o" "$@"
	alien=$(nm -u "$work/core.o" | awk '$2 !~ /^(memcpy|memmove|memset|memcmp|panic_at|__stack_chk_fail)$/ { print $2 }')
	for symbol in $alien; do
		echo "$core: imports $symbol" >&2
		bad=$((bad + 1))
	done
	data=$(nm "$work/core.o" | awk '$2 ~ /^[bBdDC]$/ { print $3 }')
	for symbol in $data; do
		echo "$core: holds the writable global $symbol" >&2
		bad=$((bad + 1))
	done
done
echo "cores: $count objects, $bad forbidden imports or globals"
[ $bad = 0 ]
