"""The ways through an initramfs besides the straight one: stops that were asked for, checks of file
systems and what comes of them, a /usr of its own."""

import json
import lzma
import re

from guest import KERNEL, Guest
from media import SplitDisk

# Stands in for e2fsck: says what it was asked, ends as the shell before it decided.
FSCK = b"""#!/bin/sh
echo "fsck.ext4 was asked: $*"
exit "$(cat /run/fsck-exit)"
"""


MOMENTS = ("initramfs", "root", "switch", "init", "entries", "complete")

# What is in the root of an initramfs cannot be evicted: 4 MB and more of it, or less.
INITRAMFS_PAGES = "awk '/^Unevictable/ {exit $2"


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
        guest.run(f"{INITRAMFS_PAGES} > 4000}}' /proc/meminfo", status=1)
        guest.type("exit")
        guest.login()
        guest.run("svctl list && grep '/usr ext4 ro' /proc/mounts")
        guest.wait_until(f"{INITRAMFS_PAGES} > 4000}}' /proc/meminfo")
        assert re.fullmatch(
            r"(started|mounted|switched) [0-9.]+\s+" * 3, guest.run("cat /run/mainstay/early") + "\n"
        )
        guest.run("dmesg | grep 'init: the initramfs took [0-9.]* s'")
        guest.run("svctl wait --boot && until grep complete /run/mainstay/times; do usleep 100000; done")
        page = guest.run("svctl status").splitlines()
        assert re.fullmatch(
            r"boot [\d.]+ s: kernel [\d.]+, initramfs [\d.]+ \(root [\d.]+\), startup [\d.]+, services [\d.]+",
            page[1],
        )
        (boot,) = [line for line in guest.run("svctl --json status").splitlines() if "boot" in line[:8]]
        moments = json.loads(boot)["boot"]
        assert list(moments) == [f"{name}_ms" for name in MOMENTS]
        assert sorted(moments.values()) == list(moments.values())
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


def modules_of_every_kind():
    """Files for an initramfs: configuration, a compressed module, and one whose needs depmod missed."""
    (modules,) = (KERNEL.parent / "lib/modules").iterdir()
    place = f"lib/modules/{modules.name}"
    names = ["drivers/watchdog/softdog", "drivers/watchdog/watchdog", "drivers/block/loop"]
    names += ["fs/isofs/isofs", "fs/fat/vfat", "fs/fat/fat"]
    needs = {"fs/fat/vfat": "fs/fat/fat", "drivers/watchdog/softdog": "drivers/watchdog/watchdog"}
    lines = [
        f"kernel/{name}.ko:" + (f" kernel/{needs[name]}.ko" if name in needs else "") + "\n"
        for name in names
    ]
    lines.append("kernel/lib/pressed.ko.xz:\n")
    files = {
        f"{place}/kernel/{name}.ko": (modules / f"kernel/{name}.ko").read_bytes() for name in names
    }
    return files | {
        f"{place}/modules.dep": "".join(lines).encode(),
        f"{place}/kernel/lib/pressed.ko.xz": lzma.compress(files[f"{place}/kernel/fs/fat/fat.ko"]),
        "usr/lib/modprobe.d/own.conf": b"blacklist softdog\n",
        "etc/modprobe.d/own.conf": b"# not the one of the same name in /usr/lib\n"
        b"options softdog \\\n  nowayout=1\nsoftdep softdog pre: loop post: vfat\n"
        b"softdep loop pre: softdog\noptions loop max_part=5\n",
        "etc/modprobe.d/zz.conf": b"install fat /bin/false\n",
    }


def test_modules_come_as_configured_and_say_why_they_do_not(images):
    initramfs = images.initramfs_with(modules_of_every_kind())
    words = "rd.break=root modules=softdog,isofs,pressed,nothing softdog.soft_margin=77"
    with Guest(words, initramfs=initramfs) as guest:
        stop(guest, "rd.break=root")
        guest.run("dmesg -n 1")  # what the kernel says later is no output of a command
        guest.run("dmesg | grep 'softdog: .* soft_margin=77 sec .*nowayout=1'")
        assert guest.run("cat /sys/module/loop/parameters/max_part") == "7"
        guest.run("dmesg | grep '^[^a-z]*init:' >/run/said; ! test -d /sys/module/vfat")
        guest.run("grep 'isofs.ko: nothing has the symbol [a-z_]*; is another module' /run/said")
        guest.run("grep 'pressed.ko.xz: this kernel does not decompress .* unpack them' /run/said")
        guest.run("grep \"there is no module 'nothing'\" /run/said")
        guest.run("grep 'module fat: not loaded, as modprobe.d says' /run/said")
        guest.run("/sbin/modprobe -b softdog && /sbin/modprobe nonesuch", status=1)
