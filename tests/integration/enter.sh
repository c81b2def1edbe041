#!/bin/bash
# Usage: enter.sh HARNESS STAGE CONSOLE PROGRAM [ARGUMENT…]
#
# Runs as the first process of new namespaces (see namespace.py): makes a tmpfs with a copy of
# the directory STAGE the root, hides what of the machine a program could harm from in there,
# says "ready" on the descriptor HARNESS, a socket, waits for an answer and becomes PROGRAM.
#
# CONSOLE is the terminal to have as /dev/console, or empty. MAINSTAY_DEV says what is in /dev: "all",
# "nodes" but not the console, or nothing, as it is a mere directory ("empty"). Where the terminal is
# not /dev/console it is /.console. MAINSTAY_SHARED names what of the machine is in there as well, between blanks:
# links as they are, directories read-only.
set -eu
harness=$1 stage=$2 console=$3
shift 3
exec 3<&"$harness" {harness}>&-

# The root is a tmpfs of its own: to remount a bind mount read-only would do that to the
# machine's file system.
mount -t tmpfs -o mode=0755 root "$stage/.root"
cp -a "$stage/system/." "$stage/.root"
cd "$stage/.root"

for path in ${MAINSTAY_SHARED-}; do
    if [ -L "$path" ]; then
        cp -P "$path" ".$path"
    elif [ -d "$path" ]; then
        mkdir -p ".$path"
        mount --bind "$path" ".$path"
        mount -o remount,bind,ro ".$path"
    fi
done

if [ "$MAINSTAY_DEV" != empty ]; then
    mount -t tmpfs -o mode=0755 dev dev
    for node in null zero full random urandom tty; do
        : >"dev/$node"
        mount --bind "/dev/$node" "dev/$node"
    done
fi
console_place=.console
[ "$MAINSTAY_DEV" != all ] || console_place=dev/console
if [ -n "$console" ]; then
    : >"$console_place"
    mount --bind "$console" "$console_place"
fi

# PID 1 switches swap off, tunes the kernel and resets the machine: not this one.
mount -t proc proc proc
if [ -e proc/swaps ]; then
    head -n 1 /proc/swaps >.swaps
    mount --bind .swaps proc/swaps
fi
if [ -e proc/sysrq-trigger ]; then
    mount --bind /dev/null proc/sysrq-trigger
fi
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys

mkdir .machine
pivot_root . .machine
exec /bin/sh -c 'cd / && umount -l /.machine && rmdir /.machine &&
    echo ready >&3 && read -r _ <&3 && exec 3>&- && exec "$@"' sh "$@"
