#!/bin/sh
# Unpack the pinned lwIP into DIR/lwip. usage: lwip.sh DIR
# Does nothing when DIR/lwip.stamp already names this tarball; several makes may call it
# at once. The Makefile compiles the files itself, since they need our lwipopts.h.
# SPDX-License-Identifier: BSD-2-Clause
set -eu

tarball=$("$(dirname "$0")/deps.sh" tarball lwip)
dir=$1
mkdir -p "$dir"
exec 9>"$dir/lwip.lock"
flock 9

key=$(sha256sum <"$tarball")
[ "$(cat "$dir/lwip.stamp" 2>/dev/null)" != "$key" ] || exit 0

rm -rf "$dir/lwip" "$dir/lwip.new"
mkdir "$dir/lwip.new"
tar -C "$dir/lwip.new" --strip-components=1 -xf "$tarball"
mv "$dir/lwip.new" "$dir/lwip"
echo "$key" >"$dir/lwip.stamp"
