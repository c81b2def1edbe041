"""Roots that cannot be used: a shell that says why, and a way on from there."""

import contextlib

from guest import Guest
from images import ROOT_OFFSET

MISSING = "The root device /dev/vdb1 did not appear"


@contextlib.contextmanager
def rescued(images, disk, append, cause):
    """A guest that is in its rescue shell after having named the cause on the console."""
    with Guest(append, initramfs=images.initramfs, disk=disk.path) as guest:
        guest.expect(rf"\*\*\* {cause}")
        guest.expect("Rescue shell")
        guest.expect("/ # ")
        guest.run("mount >/dev/null")
        assert "job control turned off" not in guest.transcript()
        yield guest


def test_a_missing_root_is_waited_for_again_after_the_shell(images):
    disk = images.demo_disk()
    with rescued(images, disk, "root=/dev/vdb1 ro rd.timeout=2", MISSING) as guest:
        guest.run("ln -s vda1 /dev/vdb1")
        guest.type("exit")
        guest.login()
        guest.type("poweroff")
        assert guest.end() == "guest-shutdown"
    disk.assert_clean()


def test_a_wrong_file_system_type_is_named(images):
    cause = "Mounting /dev/vda1 as vfat failed: .* It looks like ext4"
    with rescued(images, images.demo_disk(), "root=/dev/vda1 rootfstype=vfat", cause):
        pass


def test_a_root_without_init_is_named(images):
    disk = images.disk_with({"sbin/init": None, "bin/sh": None})
    with rescued(images, disk, "root=/dev/vda1 ro", "There is no init on the root /dev/vda1"):
        pass


def test_an_init_that_cannot_be_started_is_named(images):
    """/sbin/init is a link, and what it leads to is gone."""
    disk = images.disk_with({"usr/lib/mainstay/init": None})
    cause = "Executing /sbin/init failed: No such file or directory"
    with rescued(images, disk, "root=/dev/vda1 ro", cause):
        pass


def test_a_root_that_holds_no_file_system_is_named(images):
    disk = images.demo_disk()
    with open(disk.path, "r+b") as image:  # the partition table stays
        image.seek(ROOT_OFFSET)
        image.write(bytes(range(256)) * 4096)
    cause = "/dev/vda1 holds no file system that is known"
    with rescued(images, disk, "root=/dev/vda1 ro", cause):
        pass


def test_two_words_for_who_has_no_shell(images):
    """Nobody is at the console: the command line says what to do instead, and never is it a panic."""
    for words, end in (
        ("rd.shell=0 rd.emergency=poweroff", "guest-shutdown"),
        ("mainstay.rescue=off panic=1", "guest-reset"),
    ):
        append = f"root=/dev/vdb1 rd.timeout=1 {words}"
        with Guest(append, initramfs=images.initramfs) as guest:
            guest.expect("The root device /dev/vdb1 did not appear")
            assert guest.end() == end
            assert "Rescue shell" not in guest.transcript()
