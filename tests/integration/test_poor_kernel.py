"""Kernels that lack what other systems take for granted. There is no such kernel here: faulty programs
are answered as one would (tests/faults/fake_kernel.h), with an empty /dev to begin with."""

import pathlib
import re

import pytest

from fake_kernel import FakeKernel, LateRoot, needs_loop_devices
from namespace import Pid1, eventually  # noqa: F401  (conftest.py knows root is needed)


def nodes_by_sysfs():
    """Name: what the fake writes in the place of the node, and its permissions."""
    found = {}
    for letter, kind in (("c", "char"), ("b", "block")):
        for device in pathlib.Path("/sys/dev", kind).iterdir():
            try:
                uevent = (device / "uevent").read_text()
            except OSError:  # another test's device, which went in this moment
                continue
            fields = dict(re.findall("^(.*?)=(.*)$", uevent, re.MULTILINE))
            if "DEVNAME" in fields:
                mode = int(fields.get("DEVMODE", "0600"), 8)
                found[fields["DEVNAME"]] = (f"{letter} {device.name}\n", mode)
    return found


REAL = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9)}
TERMINALS = ("console", "kmsg")
REAL |= {"tty": (5, 0), "ptmx": (5, 2)}


def assert_nodes(dev, expected):
    for name, (text, mode) in expected.items():
        info = (dev / name).stat()
        if name in REAL:
            assert (info.st_rdev >> 8, info.st_rdev & 255) == REAL[name], name
        elif name not in TERMINALS:
            assert (dev / name).read_text() == text, name
        assert name in TERMINALS or info.st_mode & 0o777 == mode, name


LOST = {
    "devtmpfs": ["mount /dev: this kernel does not have its file system; its nodes are made of what /sys tells"],
    "tmpfs": [
        "mount /dev/shm: this kernel does not have its file system; a ramfs takes its place",
        "mount /run: this kernel does not have its file system; a ramfs takes its place",
    ],
    "cgroup2": [
        "mount /sys/fs/cgroup: this kernel does not have its file system; services run without groups and limits"
    ],
}


@pytest.mark.parametrize("lacks", ["devtmpfs", "devtmpfs tmpfs cgroup2"])
def test_what_a_kernel_lacks_is_named_and_replaced(lacks):
    before = nodes_by_sysfs()
    with FakeKernel(lacks, dev="empty") as p:
        p.wait_until_up()
        after = nodes_by_sysfs()  # other tests come and go beside this one
        assert_nodes(p.root / "dev", {name: node for name, node in before.items() if node == after.get(name)})
        memory = "ramfs" if "tmpfs" in lacks.split() else "tmpfs"
        types = p.types()
        assert [types[point] for point in ("/dev", "/dev/shm", "/run")] == [memory] * 3
        assert ("/sys/fs/cgroup" in types) == ("cgroup2" not in lacks)
        p.power_off()
        log = p.transcript()
        for line in [line for kind in lacks.split() for line in LOST[kind]]:
            assert log.count(f"init: {line}\n") == 1, log


def test_where_no_node_can_be_made_it_reaches_its_inittab_all_the_same():
    with FakeKernel("devtmpfs", dev="empty", drop=("mknod",)) as p:
        p.wait_until_up()
        assert "/dev" not in p.types()
        p.power_off()


TIMES = "run/mainstay/times"


@needs_loop_devices
def test_without_devtmpfs_a_root_that_comes_late_gets_its_node(tmp_path):
    with LateRoot(tmp_path) as root:
        proc = {"cmdline": f"root=UUID={root.uuid} rw", "filesystems": "nodev\tproc\n\text4\n"}
        with FakeKernel("devtmpfs tmpfs", dev="empty", proc=proc) as p:
            p.wait_for_line(f"waiting for the root device UUID={root.uuid}")
            root.plug_in()
            p.wait_for_line("init: starting /sbin/init on the real root")
            p.wait_until_up()
            types = p.types()
            assert [types["/"], types["/dev"]] == ["ext4", "ramfs"]
            eventually(lambda: "complete " in (p.root / TIMES).read_text(), "the boot is complete")
            moments = [line.split()[0] for line in (p.root / TIMES).read_text().splitlines()]
            assert moments == ["initramfs", "root", "switch", "init", "entries", "complete"]
            assert "\nboot " in p.run("svctl", "status")
            p.power_off()
