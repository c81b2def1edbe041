# shellcheck shell=bash
# Sourced after common.sh: which Debian 12 packages each task needs, and their installation.

# packages_of SET: the words of one named set.
packages_of() {
    case $1 in
    build)
        echo cmake ninja-build g++ git
        echo libboost1.81-dev nlohmann-json3-dev catch2 libcap-dev libblkid-dev
        ;;
    image) echo fakeroot cpio gzip e2fsprogs fdisk ;;
    # What scripts/mkimage needs besides for the types that scripts/boot does not make.
    images)
        echo dosfstools mtools grub-common grub-pc-bin grub-efi-amd64-bin xorriso syslinux
        echo syslinux-common squashfs-tools binutils
        ;;
    qemu) echo qemu-system-x86 squashfs-tools ;;
    # The firmware and the container manager that images are tried with.
    machines) echo ovmf podman runc ;;
    test) echo mount python3 python3-pytest python3-pytest-xdist python3-pexpect ;;
    bench) echo gcc libc6-dev python3 mount util-linux ;;
    # Not installed, but unpacked: scripts/fetch peers, and so on.
    peers) echo runit s6 libs6-2.11 libskarnet2.13 libexecline2.9 ;;
    inits) echo tini dumb-init catatonit ;;
    runit-init) echo runit runit-init libc6 ;;
    lxc) echo lxc liblxc1 liblxc-common libseccomp2 libapparmor1 libselinux1 libpcre2-8-0 libcap2 ;;
    nspawn) echo systemd-container libsystemd-shared libseccomp2 libip4tc2 libkmod2 libssl3 libcap2 ;;
    sysvinit) echo sysvinit-core sysvinit-utils initscripts sysv-rc libselinux1 libpcre2-8-0 libc6 ;;
    fuzz) echo clang libclang-rt-14-dev llvm-14 ;;
    programs) echo redis-server nginx rsyslog dbus gpg-agent ;;
    checks) echo clang-format clang-tidy shellcheck mandoc ;;
    *) die "no package set is called '$1'" ;;
    esac
}

# missing_packages NAME…: those that are not installed, one a line.
missing_packages() {
    local name
    for name in "$@"; do
        if [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" != installed ]; then
            echo "$name"
        fi
    done
}

readonly daemon_policy=/usr/sbin/policy-rc.d

# without_daemons COMMAND…: runs it in a machine whose policy is that a package starts no daemon when
# it is installed (see invoke-rc.d(8)). A policy that is there already stays; ours goes afterwards.
without_daemons() (
    if [ ! -e "$daemon_policy" ]; then
        trap 'as_root rm -f "$daemon_policy"' EXIT
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$daemon_policy" >/dev/null
        as_root chmod 0755 "$daemon_policy"
    fi
    "$@"
)

# install_packages SET…: installs what is missing of the named sets above.
install_packages() {
    local set wanted=() missing
    for set in "$@"; do
        # A set is a list of words.
        # shellcheck disable=SC2207
        wanted+=($(packages_of "$set"))
    done
    mapfile -t missing < <(missing_packages "${wanted[@]}")
    if [ ${#missing[@]} -eq 0 ]; then
        return
    fi
    say "installing ${missing[*]}"
    as_root apt-get update -q >&2 ||
        die "apt-get update failed" "check the network and /etc/apt/sources.list"
    without_daemons as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends "${missing[@]}" >&2 ||
        die "apt-get could not install ${missing[*]}" "this needs Debian 12 (bookworm)"
}
