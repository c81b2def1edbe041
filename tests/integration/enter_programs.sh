#!/bin/bash
# Usage: enter_programs.sh HARNESS BUSYBOX SHARED PROGRAM [ARGUMENT…]
#
# Runs as the first process of new namespaces (see programs.py), says "ready" on the descriptor
# HARNESS, a socket, waits for an answer and becomes PROGRAM. The machine's programs and their
# configuration are all in there, but nothing of the machine can be changed: its file systems are
# read-only, what daemons write to is a tmpfs, /dev holds harmless nodes, the kernel's messages are
# not theirs to take, and the only interface of the network is the loopback.
#
# SHARED is the one directory that can be written to and is the same outside.
set -eu
harness=$1 busybox=$2 shared=$3
shift 3
exec 3<&"$harness" {harness}>&-

mount --make-rprivate /
while read -r _ point _; do
    mount -o remount,bind,ro "$point" 2>/dev/null || true
done </proc/self/mounts
mount --bind "$shared" "$shared"
mount -o remount,bind,rw "$shared"

# As a fresh machine has them: what the packages put there, without content.
for directory in /run /var/log /var/lib/redis /var/lib/nginx /var/spool/rsyslog; do
    mount -t tmpfs -o mode=0755 fresh "$directory"
done
chown redis:redis /var/lib/redis
install -d -o root -g adm /var/log/nginx

mount -t proc proc /proc
mount --bind /dev/null /proc/kmsg
[ ! -e /proc/sysrq-trigger ] || mount --bind /dev/null /proc/sysrq-trigger
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys

# A cgroup namespace shows its own cgroups only to a mount made in it.
mount -t cgroup2 cgroup2 /sys/fs/cgroup 2>/dev/null || true

dev=$(mktemp -d -p "$shared")
mount -t tmpfs -o mode=0755 dev "$dev"
for node in null zero full random urandom tty; do
    : >"$dev/$node"
    mount --bind "/dev/$node" "$dev/$node"
done
ln -s /proc/self/fd "$dev/fd"
mount --move "$dev" /dev
rmdir "$dev"

"$busybox" ip link set lo up

echo ready >&3
read -r _ <&3
exec 3>&-
exec "$@"
