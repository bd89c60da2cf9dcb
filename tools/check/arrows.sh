#!/bin/sh
# Rooms and arrows: a room includes headers only from the rooms that its row below names.
# usage: arrows.sh BUILD. Resolves every #include of our own as the compiler would and compares
# the place it leads to with the row; what is not ours is judged by the last column.
# SPDX-License-Identifier: BSD-2-Clause
set -eu

# room | may include (the room itself, cores apart, goes without saying) | foreign headers:
# compiler (freestanding ones, and string.h for memcpy and its like), libc (any but lwIP's), lwip (any)
rooms='
include/base    |                                              | compiler
include/abi     | include/base                                 | compiler
efi/machine     | include/                                     | compiler
efi/pvh         | include/ efi/machine/ vmm/layout.h           | compiler
efi             | include/ efi/machine/                        | libc
vmm/core        | include/                                     | compiler
vmm             | include/ vmm/core                            | compiler
unikernel/core  | include/                                     | compiler
unikernel/control/core | include/                              | compiler
unikernel/control | include/ unikernel/include unikernel/control/core drivers/ring | libc
unikernel       | include/ unikernel/core                      | lwip
drivers/ring    | include/                                     | compiler
drivers         | include/ unikernel/include drivers/ring      | libc
net/core        | include/                                     | compiler
net             | include/ unikernel/include drivers/ net/core | lwip
apps            | unikernel/include unikernel/core/dns_        | libc
tools           | include/ vmm/core unikernel/core unikernel/control/core net/core drivers/ring | libc
configs         | include/ tools/                              | libc
tests           | include/ efi/ vmm/ unikernel/ drivers/ net/ apps/ tools/ configs/ | lwip
'

find efi vmm unikernel drivers net apps tools configs tests include \
	-type f \( -name '*.[chS]' -o -name '*.def' \) 2>/dev/null | sort |
	xargs grep -nHE '^[[:space:]]*#[[:space:]]*include(_next)?[[:space:]]*[<"]' |
	sed -E 's/^([^:]*):([0-9]+):[^<"]*([<"])([^>"]*)[>"].*/\1 \2 \3 \4/' |
	awk -v rooms="$rooms" '
	BEGIN {
		n = split(rooms, rows, "\n")
		for (i = 1; i <= n; i++) {
			if (split(rows[i], c, "|") != 3)
				continue
			gsub(/ /, "", c[1]); gsub(/ /, "", c[3])
			room[c[1]] = c[2]; foreign[c[1]] = c[3]
		}
		m = split("float iso646 limits stdalign stdarg stdatomic stdbool stddef stdint " \
			"stdnoreturn string cpuid immintrin x86intrin", h, " ")
		for (i = 1; i <= m; i++)
			compiler[h[i] ".h"] = 1
	}
	function exists(f,   line, r) { r = (getline line < f); close(f); return r >= 0 }
	function plain(f) {
		while (sub(/[^\/]+\/\.\.\//, "", f)) ;
		gsub(/\/\.\//, "/", f); sub(/^\.\//, "", f)
		return f
	}
	function room_of(f,   r) {
		for (r = f; sub(/\/[^\/]*$/, "", r); )
			if (r in room)
				return r
		return ""
	}
	function resolve(f, kind, name,   dirs, i, k) {
		dirs = "include ."
		if (f ~ /^(unikernel|drivers|net|apps|tests\/guests)\//)
			dirs = dirs " unikernel/include net/port/include net/port"
		if (kind == "\"") { i = f; sub(/\/[^\/]*$/, "", i); dirs = i " " dirs }
		if (f ~ /^vmm\//) dirs = dirs " vmm"
		if (f ~ /^efi\//) dirs = dirs " efi"
		k = split(dirs, d, " ")
		for (i = 1; i <= k; i++)
			if (plain(d[i] "/" name) != f && exists(plain(d[i] "/" name)))
				return plain(d[i] "/" name)
		return ""
	}
	function complain(why) {
		print $1 ":" $2 ": " $4 ": " why > "/dev/stderr"
		bad++
	}
	{
		from = room_of($1); count++
		if (!(($3 $4, $1) in memo))
			memo[$3 $4, $1] = resolve($1, $3, $4)
		to = memo[$3 $4, $1]
		if (to == "") {
			if ($3 == "\"" && $4 !~ /offsets\.h$/)
				complain("no such file of ours")
			else if (foreign[from] == "compiler" && !($4 in compiler) && $4 !~ /offsets\.h$/)
				complain(from " may use the headers of a freestanding compiler only")
			else if (foreign[from] != "lwip" && $4 ~ /^(lwip|netif)\//)
				complain(from " may not see lwIP")
			next
		}
		target = room_of(to)
		if (from ~ /^drivers/ && (($1 ~ /front/ && to ~ /back/) || ($1 ~ /back/ && to ~ /front/)))
			complain("a front end and a back end do not know each other")
		if (target == from) {
			split($1, a, "/"); split(to, b, "/")
			if (from == "apps" && a[2] != b[2])
				complain("one app may not include another")
			next
		}
		k = split(room[from], may, " "); ok = 0
		for (i = 1; i <= k; i++)
			if (index(to, may[i]) == 1)
				ok = 1
		if (!ok)
			complain(from " may not include from " target)
	}
	END {
		print "arrows: " count + 0 " includes, " bad + 0 " against the table"
		exit bad > 0
	}'
