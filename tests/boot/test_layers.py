"""Roots that are put together from layers: squashfs on a medium, overlays in memory and on a disk."""

import pytest

from guest import Guest
from media import LayeredDisk


@pytest.fixture(scope="module")
def disk(images):
    return LayeredDisk(images, images.new_path())


def types_of(guest, *mount_points):
    """File systems of the mount points, "-" where there is none."""
    table = [line.split() for line in guest.run("cat /proc/mounts").splitlines()]
    types = {fields[1]: fields[2] for fields in table if len(fields) > 3}
    return [types.get(point, "-") for point in mount_points]


LAYERS = ["/", "/run/initramfs/live", "/run/initramfs/lower", "/run/initramfs/overlay"]


def test_a_live_root_keeps_what_is_written_on_a_device_or_forgets_it(images, disk):
    live = "root=live:LABEL=LIVE ro"
    with Guest(f"{live} rd.overlay=LABEL=KEEP", initramfs=images.initramfs, disk=disk.path) as guest:
        guest.login()
        assert types_of(guest, *LAYERS) == ["overlay", "ext4", "squashfs", "ext4"]
        assert guest.run("cat /sys/block/loop0/loop/backing_file").endswith("/LiveOS/squashfs.img")
        guest.run("echo kept >/root/note && rm /etc/issue")
        guest.type("poweroff")
        guest.expect("init: returning to /run/initramfs")
        guest.expect("init: poweroff")
        assert guest.end() == "guest-shutdown"
    # The root was unmounted whole, or it would not be: an overlay holds what it writes to.
    assert disk.kept_state() == "clean"
    assert "detached all the same" not in guest.transcript()
    with Guest(
        "root=live:CDLABEL=LIVE rd.overlay=/dev/vda2", initramfs=images.initramfs, disk=disk.path
    ) as guest:
        guest.login()
        assert guest.run("cat /root/note && ! test -e /etc/issue") == "kept"
        guest.type("poweroff")
        assert guest.end() == "guest-shutdown"
    with Guest(live, initramfs=images.initramfs, disk=disk.path) as guest:
        guest.login()
        assert types_of(guest, *LAYERS) == ["overlay", "ext4", "squashfs", "tmpfs"]
        guest.run("! test -e /root/note && test -e /etc/issue && echo x >/root/note")
        guest.type("poweroff")
        assert guest.end() == "guest-shutdown"


def test_an_overlay_in_memory_leaves_the_disk_untouched_and_may_run_full(images):
    disk = images.demo_disk()
    before = disk.digest()
    with Guest(
        "root=LABEL=mainstay-root rd.overlay=tmpfs,size=1m",
        initramfs=images.initramfs,
        disk=disk.path,
    ) as guest:
        guest.login()
        assert types_of(guest, *LAYERS) == ["overlay", "-", "ext4", "tmpfs"]
        # A full one costs what is written, not the system.
        guest.run("dd if=/dev/zero of=/root/big bs=1M count=2 2>&1", status=1)
        assert "No space left" in guest.transcript()
        guest.run("svctl list >/dev/null && rm /root/big && echo fits >/root/small")
        guest.type("poweroff")
        assert guest.end() == "guest-shutdown"
    assert disk.digest() == before


def test_what_is_missing_of_a_layered_root_is_named_and_can_be_mended(images, disk):
    words = "root=live:LABEL=LIVE rd.live.squashimg=other.img rd.overlay=LABEL=NONE rd.timeout=1"
    with Guest(words, initramfs=images.initramfs, disk=disk.path) as guest:
        guest.expect(r"\*\*\* There is no LiveOS/other.img on the live medium LABEL=LIVE")
        guest.expect("/ # ")
        guest.run("ls /run/initramfs/live")
        guest.run("mkdir -p /run/initramfs/lower; mount -o ro /dev/vda1 /run/initramfs/lower")
        guest.type("exit")
        guest.expect(r"\*\*\* The overlay device LABEL=NONE did not appear within 1 s")
        guest.expect("/ # ")
        guest.run("mkdir -p /run/initramfs/overlay; mount -t tmpfs none /run/initramfs/overlay")
        guest.type("exit")
        guest.expect(r"\*\*\* There is no init on the root /dev/vda1")
