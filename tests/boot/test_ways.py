"""The ways through an initramfs besides the straight one: stops that were asked for, checks of file
systems and what comes of them, a /usr of its own."""

from guest import Guest
from media import SplitDisk

# Stands in for e2fsck: says what it was asked, ends as the shell before it decided.
FSCK = """#!/bin/sh
echo "fsck.ext4 was asked: $*"
exit "$(cat /run/fsck-exit)"
"""


def stop(guest, text):
    guest.expect(rf"\*\*\* {text}")
    guest.expect("/ # ")


def test_a_boot_stops_where_it_is_told_and_goes_on(images):
    disk = SplitDisk(images, images.new_path())
    initramfs = images.initramfs_with({"sbin/fsck.ext4": FSCK})
    words = "root=LABEL=TOP ro rd.break=modules,root rd.break=mount rd.break rd.break=nowhere"
    with Guest(words, initramfs=initramfs, disk=disk.path) as guest:
        guest.expect("rd.break=nowhere: there are modules, root, mount and switch")
        stop(guest, "rd.break=modules: nothing has failed")
        guest.run("! test -d /sys/module/virtio_blk")
        guest.type("exit")
        stop(guest, "rd.break=root")
        guest.run("test -d /sys/module/virtio_blk")
        guest.type("exit")
        stop(guest, "rd.break=mount")
        guest.run("test -b /dev/vda1 && ! grep sysroot /proc/mounts; echo 4 >/run/fsck-exit")
        guest.type("exit")
        guest.expect(r"fsck.ext4 was asked: -a -C0 /dev/vda1")
        stop(guest, "/sbin/fsck.ext4 left errors on /dev/vda1; mend it by hand")
        guest.run("! grep sysroot /proc/mounts; echo 1 >/run/fsck-exit")
        guest.type("exit")
        guest.expect(r"/dev/vda1: errors were corrected")
        guest.expect(r"fsck.ext4 was asked: -a -C0 /dev/vda2")
        stop(guest, "rd.break=switch")
        guest.run("grep '/sysroot/usr ext4 ro,nodev' /proc/mounts")
        guest.type("exit")
        guest.login()
        guest.run("svctl list && grep '/usr ext4 ro' /proc/mounts")
        guest.type("poweroff")
        assert guest.end() == "guest-shutdown"


def test_a_check_that_asks_for_a_reboot_gets_it(images):
    disk = images.demo_disk()
    initramfs = images.initramfs_with({"sbin/fsck.ext4": FSCK})
    words = "root=LABEL=mainstay-root ro rd.break=mount fsck.mode=force"
    with Guest(words, initramfs=initramfs, disk=disk.path) as guest:
        stop(guest, "rd.break=mount")
        guest.run("echo 3 >/run/fsck-exit")
        guest.type("exit")
        guest.expect("fsck.ext4 was asked: -a -C0 -f /dev/vda1")
        guest.expect("/sbin/fsck.ext4 mended /dev/vda1 and asks for a reboot")
        assert guest.end() == "guest-reset"
