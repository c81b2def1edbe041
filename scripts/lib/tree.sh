# shellcheck shell=bash
# Sourced after common.sh: the parts that the file trees of an initramfs and of a root file
# system are put together from. Each function adds to the directory TREE.

# What finds the disk and the network of common virtual machines; their own needs come along.
readonly image_modules="virtio_pci virtio_mmio virtio_blk virtio_scsi virtio_net virtio_console
    virtio-rng ata_piix sd_mod sr_mod loop overlay squashfs isofs vfat nls_cp437 nls_ascii softdog"

# new_tree TREE: an empty tree with the directories every system has.
new_tree() {
    umask 022
    rm -rf "$1"
    mkdir -p "$1"/{bin,sbin,dev,etc,proc,run,sys,mnt,usr/{bin,sbin,lib/mainstay},etc/service,var/{log,lib}}
    install -d -m 0700 "$1/root"
    install -d -m 1777 "$1/tmp"
    ln -s ../run "$1/var/run"
}

# add_busybox TREE: busybox, and a link for each applet in the directory it belongs to. Its own shell
# makes them, as it starts no program for each.
add_busybox() {
    need_file "$busybox" "get it with: scripts/fetch busybox"
    install -m 0755 "$busybox" "$1/bin/busybox"
    # shellcheck disable=SC2016
    "$busybox" --list-full | grep -vxE 'bin/busybox|linuxrc' |
        "$busybox" sh -c 'while read -r applet; do ln -sf /bin/busybox "$1/$applet"; done' sh "$1"
}

# add_init TREE PROGRAMS: init from the directory PROGRAMS under all its names, in place of what
# busybox has under these names.
add_init() {
    local tree=$1 programs=$2 name
    need_file "$programs/init" "build the programs first: scripts/boot does"
    install -m 0755 "$programs/init" "$tree/usr/lib/mainstay/"
    ln -sf /usr/lib/mainstay/init "$tree/sbin/init"
    for name in telinit poweroff reboot halt shutdown runlevel modprobe; do
        rm -f "$tree"/{bin,usr/bin,usr/sbin}/"$name"
        ln -sf /usr/lib/mainstay/init "$tree/sbin/$name"
    done
}

# add_programs TREE PROGRAMS: init, supervisor and svctl.
add_programs() {
    local tree=$1 programs=$2 name
    for name in supervisor svctl; do
        need_file "$programs/$name" "build the programs first: scripts/boot does"
    done
    add_init "$tree" "$programs"
    install -m 0755 "$programs/supervisor" "$tree/usr/lib/mainstay/"
    install -m 0755 "$programs/svctl" "$tree/usr/bin/svctl"
    ln -sf /usr/lib/mainstay/supervisor "$tree/sbin/supervisor"
}

# module_files MODULES NAME: the path of the module and of those it needs, below MODULES. The
# kernel takes - and _ for the same.
module_files() {
    local name=${2//[-_]/[-_]}
    sed -n "s|^\([^ :]*/$name\.ko[^ :]*\):|\1|p" "$1/modules.dep" | tr ' ' '\n'
}

# is_built_in MODULES NAME
is_built_in() {
    grep -qs "/${2//[-_]/[-_]}\.ko\$" "$1/modules.builtin"
}

# add_modules TREE MODULES [NAMES]: the modules NAMES (or those above, as far as they are there) from
# MODULES, a lib/modules/VERSION that depmod has been over, and what they need; then the lists for
# just these.
add_modules() {
    local tree=$1 modules=${2%/} names=${3-$image_modules} version name files file
    version=$(basename "$modules")
    need_file "$modules/modules.dep" "run depmod on it"
    mkdir -p "$tree/lib/modules/$version"
    for name in $names; do
        files=$(module_files "$modules" "$name")
        [ -n "$files" ] || [ $# -lt 3 ] || is_built_in "$modules" "$name" ||
            die "$modules: there is no module $name" "look for it in $modules/modules.dep"
        for file in $files; do
            [ -e "$tree/lib/modules/$version/$file" ] ||
                install -D -m 0644 "$modules/$file" "$tree/lib/modules/$version/$file"
        done
    done
    for file in modules.builtin modules.softdep; do
        [ ! -f "$modules/$file" ] || install -m 0644 "$modules/$file" "$tree/lib/modules/$version/"
    done
    "$busybox" depmod -b "$tree" "$version"
}

# mark_ends TREE: gives it two files by which init tells whether all of the archive was there.
mark_ends() {
    mkdir -p "$1/etc"
    : >"$1/etc/initramfs.begin"
    : >"$1/etc/initramfs.end"
}

# essential_first: names that end in NUL, sorted, in the order they are to be packed: what a person needs to
# be told what happened to the rest, then the rest, then the mark of the end. Where an archive is cut off the
# kernel says so, and goes on with what it got.
essential_first() {
    local name names=() rest=()
    mapfile -d '' names
    for name in "${names[@]}"; do
        case $name in
        ./etc | ./etc/initramfs.begin | ./etc/cmdline | ./init | ./dev | ./dev/console | ./proc | ./run | ./sys | \
            ./bin | ./bin/busybox | ./bin/sh | ./sbin | ./sbin/init | ./usr | ./usr/bin | ./usr/bin/busybox | \
            ./usr/bin/sh | ./usr/sbin | ./usr/sbin/init | ./usr/lib | ./usr/lib/mainstay | ./usr/lib/mainstay/init)
            printf '%s\0' "$name"
            ;;
        ./etc/initramfs.end) ;;
        *) rest+=("$name") ;;
        esac
    done
    [ ${#rest[@]} -eq 0 ] || printf '%s\0' "${rest[@]}"
    [ ! -e ./etc/initramfs.end ] || printf '%s\0' ./etc/initramfs.end
}

# pack_cpio TREE OPTION…: prints it as an archive, always in the same order.
pack_cpio() {
    local tree=$1
    shift
    (cd "$tree" && find . -mindepth 1 -print0 | LC_ALL=C sort -z | essential_first |
        cpio --quiet --null --create --format=newc --reproducible "$@")
}

# add_etc TREE: the examples as /etc, with the modes they need whatever those of the checkout are.
add_etc() {
    cp -a "$top/etc-examples/." "$1/etc/"
    chmod -R u=rwX,go=rX "$1/etc"
    chmod 0600 "$1/etc/shadow"
}
