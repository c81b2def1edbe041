# shellcheck shell=bash
# mkimage --type disk-bios-grub: GRUB's boot.img in the MBR, the rest of it (core.img) in the gap
# before the only partition, as grub-install does it with a mounted disk. boot.img looks for core.img
# in the second sector where nobody tells it otherwise.
# shellcheck disable=SC2154
# shellcheck source=scripts/lib/image_disks.sh
. "$top/scripts/lib/image_disks.sh"
# shellcheck source=scripts/lib/image_initrd.sh
. "$top/scripts/lib/image_initrd.sh"
# shellcheck source=scripts/lib/image_grub.sh
. "$top/scripts/lib/image_grub.sh"

readonly grub=/usr/lib/grub/i386-pc
# shellcheck disable=SC2034
tools=("${filesystem_tools[@]}" "${partition_tools[@]}" "${initrd_tools[@]}"
    grub-mkimage:grub-common "$grub/boot.img:grub-pc-bin")

# make_grub IMAGE: what it needs to read its configuration, the kernel and the initramfs is in core.img.
make_grub() {
    grub-mkimage -O i386-pc -d "$grub" -p '(hd0,msdos1)/boot/grub' -o "$work/core.img" \
        biosdisk part_msdos ext2 normal configfile linux echo ls cat test reboot halt
    head -c 440 "$grub/boot.img" >"$work/boot.img"
    write_at "$work/boot.img" "$1" 0
    write_at "$work/core.img" "$1" 512
    say "GRUB: $(size_of "$work/core.img")"
}

make_image() {
    local root disk initramfs=
    take_rootfs
    disk=$(identifier disk | cut -c 1-8)
    mkdir -p "$work/root/boot/grub"
    cp -L "$kernel" "$work/root/boot/vmlinuz"
    [ "$modules" = none ] || {
        make_initrd first "$work/root/boot/initramfs"
        initramfs=/boot/initramfs
    }
    grub_config "root=PARTUUID=$disk-01 ro $append" "$initramfs" >"$work/root/boot/grub/grub.cfg"
    close_tree "$work/root"
    root=$(root_mib "$gap_mib")
    partition "$1" $((root + gap_mib)) <<END
label: dos
label-id: 0x$disk
start=${gap_mib}MiB, type=83, bootable
END
    make_grub "$1"
    make_ext4 "$work/root" "$1" "$gap_mib" "$root"
}
