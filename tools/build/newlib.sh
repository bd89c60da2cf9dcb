#!/bin/sh
# Unpack the pinned newlib and build libc.a and libm.a for the guests into DIR/newlib.
# usage: newlib.sh DIR. Does nothing when DIR/newlib.stamp already names this very
# recipe; several makes may call it at once: the first one builds, the others wait for it.
# SPDX-License-Identifier: BSD-2-Clause
set -eu

tarball=$("$(dirname "$0")/deps.sh" tarball newlib)
mkdir -p "$1"
dir=$(cd "$1" && pwd)

exec 9>"$dir/newlib.lock"
flock 9

src=$dir/src/newlib-salsa
flags="-O2 -g0 -ffreestanding -fno-pic -fno-pie -mno-red-zone -fno-stack-protector
-fcf-protection=none -fno-asynchronous-unwind-tables -mcmodel=small -ffunction-sections
-fdata-sections -U_FORTIFY_SOURCE -D__DYNAMIC_REENT__ -ffile-prefix-map=$dir=third-party
-nostdinc -isystem $(gcc -print-file-name=include)"
options="--disable-multilib --disable-newlib-supplied-syscalls --disable-libgloss
--disable-shared --disable-nls --enable-newlib-io-long-long --enable-newlib-io-c99-formats
--enable-newlib-reent-check-verify --enable-newlib-retargetable-locking
--enable-newlib-long-time_t --disable-newlib-wide-orient --disable-newlib-mb"
key=$({ gcc --version; sha256sum <"$tarball"; echo "$flags $options"; } | sha256sum)

[ "$(cat "$dir/newlib.stamp" 2>/dev/null)" != "$key" ] || exit 0

echo "  newlib: building, about a minute and a half; log in $dir/newlib.log"
rm -rf "$src" "$dir/newlib.new" "$dir/newlib-build" "$dir/newlib.stamp"
mkdir -p "$dir/src" "$dir/newlib-build"
tar -C "$dir/src" -xf "$tarball"

build()
{
	cd "$dir/newlib-build" || return 1
	# shellcheck disable=SC2086 # the options are words
	"$src/configure" --target=x86_64-elf --prefix="$dir/newlib.new" $options \
		CC_FOR_TARGET=gcc AS_FOR_TARGET=as LD_FOR_TARGET=ld AR_FOR_TARGET=ar \
		RANLIB_FOR_TARGET=ranlib NM_FOR_TARGET=nm OBJCOPY_FOR_TARGET=objcopy \
		OBJDUMP_FOR_TARGET=objdump STRIP_FOR_TARGET=strip \
		READELF_FOR_TARGET=readelf CFLAGS_FOR_TARGET="$(echo "$flags" | tr '\n' ' ')" &&
	make -j2 MAKEINFO=true all-target-newlib &&
	make MAKEINFO=true install-target-newlib
}

# The outer make's flags (-j, its job server, variables) are none of newlib's business.
unset MAKEFLAGS MAKELEVEL MFLAGS MAKEOVERRIDES CFLAGS || :
if ! (build) >"$dir/newlib.log" 2>&1; then
	tail -n 5 "$dir/newlib.log" >&2
	echo "error: newlib did not build; read $dir/newlib.log" >&2
	exit 1
fi
rm -rf "$dir/newlib" "$dir/newlib-build" "$dir/src"
mv "$dir/newlib.new/x86_64-elf" "$dir/newlib"
rm -rf "$dir/newlib.new"
echo "$key" >"$dir/newlib.stamp"
