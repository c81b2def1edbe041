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
    mkdir -p "$1"/{bin,sbin,dev,etc,proc,run,sys,mnt,usr/{bin,sbin,lib/mainstay},var/{log,lib}}
    install -d -m 0700 "$1/root"
    install -d -m 1777 "$1/tmp"
    ln -s ../run "$1/var/run"
}

# add_busybox TREE: busybox, and a link for each applet in the directory it belongs to.
add_busybox() {
    local applet
    install -m 0755 "$busybox" "$1/bin/busybox"
    for applet in $("$busybox" --list-full); do
        case $applet in
        bin/busybox | linuxrc) ;;
        *) ln -sf /bin/busybox "$1/$applet" ;;
        esac
    done
}

# add_programs TREE PROGRAMS: init, supervisor and svctl from the directory PROGRAMS under all
# their names, in place of what busybox has under these names.
add_programs() {
    local tree=$1 programs=$2 name
    for name in init supervisor svctl; do
        need_file "$programs/$name" "build the programs first: scripts/boot does"
    done
    install -m 0755 "$programs"/{init,supervisor} "$tree/usr/lib/mainstay/"
    install -m 0755 "$programs/svctl" "$tree/usr/bin/svctl"
    for name in init supervisor; do
        ln -sf "/usr/lib/mainstay/$name" "$tree/sbin/$name"
    done
    for name in telinit poweroff reboot halt shutdown modprobe; do
        rm -f "$tree"/{bin,usr/bin,usr/sbin}/"$name"
        ln -sf /usr/lib/mainstay/init "$tree/sbin/$name"
    done
}

# add_modules TREE MODULES: the modules named above from MODULES, a lib/modules/VERSION that
# depmod has been over, and what they need; then the lists for just these.
add_modules() {
    local tree=$1 modules=${2%/} version name file
    version=$(basename "$modules")
    need_file "$modules/modules.dep" "run depmod on it"
    for name in $image_modules; do
        sed -n "s|^\([^ :]*/$name\.ko[^ :]*\):|\1|p" "$modules/modules.dep"
    done | tr ' ' '\n' | sort -u | while read -r file; do
        [ -z "$file" ] || install -D -m 0644 "$modules/$file" "$tree/lib/modules/$version/$file"
    done
    [ -d "$tree/lib/modules/$version" ] || die "$modules: none of the modules $image_modules"
    "$busybox" depmod -b "$tree" "$version"
}

# add_etc TREE: the examples as /etc, with the modes they need whatever those of the checkout are.
add_etc() {
    cp -a "$top/etc-examples/." "$1/etc/"
    chmod -R u=rwX,go=rX "$1/etc"
    chmod 0600 "$1/etc/shadow"
}
