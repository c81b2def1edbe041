# shellcheck shell=bash
# Sourced by those of image_TYPE.sh that have an initramfs. It is one of two kinds: the whole system,
# or one that finds the root device and goes on from there.
# shellcheck disable=SC2034,SC2154

# shellcheck source=scripts/lib/tree.sh
. "$top/scripts/lib/tree.sh"

readonly initrd_tools=(cpio:cpio gzip:gzip)

# find_modules: sets modules_dir where it was not given.
find_modules() {
    local found
    [ -z "$modules_dir" ] || return 0
    for found in "${rootfs:+$rootfs/lib/modules}" "$kernel_dir/lib/modules"; do
        modules_dir=$(find "${found:-/nowhere}" -mindepth 2 -maxdepth 2 -name modules.dep -printf '%h\n' \
            2>/dev/null | sort | tail -n 1)
        [ -z "$modules_dir" ] || return 0
    done
    die "there are no kernel modules" "name them with --modules-dir, or get Debian's: scripts/fetch kernel"
}

# add_wanted_modules TREE
add_wanted_modules() {
    case $modules in
    none) return 0 ;;
    auto) find_modules && add_modules "$1" "$modules_dir" ;;
    *) find_modules && add_modules "$1" "$modules_dir" "${modules//,/ }" ;;
    esac
}

# add_words TREE: init reads them before the kernel's command line.
add_words() {
    if [ $# -gt 1 ] && [ -n "$2" ]; then
        mkdir -p "$1/etc"
        printf '%s\n' "$2" >"$1/etc/cmdline"
    fi
}

# first_tree TREE: that of an initramfs that finds the root.
first_tree() {
    new_tree "$1"
    add_busybox "$1"
    add_init "$1" "$programs"
    add_wanted_modules "$1"
    ln -s usr/lib/mainstay/init "$1/init"
}

# system_tree TREE: that of an initramfs that is the whole system.
system_tree() {
    take_tree "$rootfs" "$1"
    [ -d "$1/lib/modules" ] || add_wanted_modules "$1"
    [ -e "$1/init" ] || [ -L "$1/init" ] || ln -s sbin/init "$1/init"
}

# make_initrd KIND FILE [WORDS]: KIND is "first" or "system"; WORDS are for its /etc/cmdline.
make_initrd() {
    local tree=$work/initrd
    mkdir "$tree"
    "$1_tree" "$tree"
    add_words "$tree" "${3-}"
    mark_ends "$tree"
    close_tree "$tree"
    # What has no root file system besides has its identifiers from here.
    : "${seed:=$(printf '%s\n' "$type" "$append" "$size" "$(digest_of_tree "$tree")" | sha256sum)}"
    pack_cpio "$tree" | gzip -n -6 >"$2"
    say "initramfs: $(size_of "$2"), unpacked $(size_of "$tree")"
}

# make_own_initrd FILE [WORDS]: of the kind that --rootfs asks for.
make_own_initrd() {
    local kind=first
    [ -z "$rootfs" ] || kind=system
    make_initrd "$kind" "$@"
}
