# shellcheck shell=bash
# mkimage --type iso-live: the root is a squashfs on the CD, where init looks for it when root= begins
# with live:, and changes go into memory.
# shellcheck disable=SC2154
# shellcheck source=scripts/lib/image_initrd.sh
. "$top/scripts/lib/image_initrd.sh"
# shellcheck source=scripts/lib/image_cd.sh
. "$top/scripts/lib/image_cd.sh"

# shellcheck disable=SC2034
tools=("${initrd_tools[@]}" "${cd_tools[@]}" mksquashfs:squashfs-tools)

make_image() {
    local files=$work/files
    mkdir -p "$files"/{boot/grub,LiveOS}
    take_rootfs
    # Its time is SOURCE_DATE_EPOCH, as it says itself.
    mksquashfs "$work/root" "$files/LiveOS/squashfs.img" -noappend -no-progress -quiet -no-xattrs ||
        die "mksquashfs failed" "see its message above"
    say "squashfs: $(size_of "$files/LiveOS/squashfs.img")"
    cp -L "$kernel" "$files/boot/vmlinuz"
    make_initrd first "$files/boot/initramfs"
    grub_config "root=live:LABEL=$cd_label $append" /boot/initramfs >"$files/boot/grub/grub.cfg"
    make_cd "$files" "$1"
}
