# shellcheck shell=bash
# mkimage --type disk-bios-extlinux: extlinux writes through the mounted file system only, SYSLINUX,
# which is the same loader for FAT, into an image too (docs/decisions/0070-extlinux-on-fat.md).
# shellcheck disable=SC2154
# shellcheck source=scripts/lib/image_disks.sh
. "$top/scripts/lib/image_disks.sh"
# shellcheck source=scripts/lib/image_initrd.sh
. "$top/scripts/lib/image_initrd.sh"

readonly mbr=/usr/lib/syslinux/mbr/mbr.bin
# shellcheck disable=SC2034
tools=("${fat_tools[@]}" "${partition_tools[@]}" "${initrd_tools[@]}"
    syslinux:syslinux "$mbr:syslinux-common")

# The serial line comes first in this file, or it is not used.
syslinux_config() {
    [[ $append != *console=ttyS0* ]] || echo "serial 0 115200"
    cat <<END
default mainstay
prompt 0
timeout 1
label mainstay
    linux /vmlinuz
    initrd /init.cpio
    append $append
END
}

make_image() {
    local files=$work/files mib
    mkdir "$files"
    cp -L "$kernel" "$files/vmlinuz"
    make_own_initrd "$files/init.cpio"
    syslinux_config >"$files/syslinux.cfg"
    mib=$(wanted_mib $(($(mib_of "$files") + 8)) "$gap_mib")
    make_fat "$files" "$work/fat" "$mib" "$gap_mib"
    partition "$1" $((mib + gap_mib)) <<END
label: dos
label-id: 0x$(identifier disk | cut -c 1-8)
start=${gap_mib}MiB, type=c, bootable
END
    write_at "$mbr" "$1" 0
    write_at "$work/fat" "$1" $((gap_mib << 20))
    syslinux --install --offset $((gap_mib << 20)) "$1" || die "syslinux failed" "see its message above"
}
