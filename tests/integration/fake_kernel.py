"""A system on a kernel, or with devices, that are not to be had: PID 1 is a faulty program whose calls
are answered as they would be there (tests/faults/fake_kernel.h)."""

import os
import signal
import subprocess
import uuid

import pytest

import faults
from namespace import Pid1, eventually, stage_system

POWERED_OFF = -signal.SIGINT

# To prepare: what the kernel names as consoles, a device that is not there, and a terminal.
CONSOLES = """
mount -t sysfs sysfs /sys
echo ttyUSB7 ttyA >/.active
mount --bind /.active /sys/class/tty/console/active
for place in ttyA kmsg; do : >/dev/$place; mount --bind /.console /dev/$place; done
"""

INITTAB = "::sysinit:/bin/touch /reached\n::supervise:/sbin/supervisor /etc/service\n"
FILES = {"/etc/service/web/run": "#!/bin/sh\nexec sleep 8888\n"}


class FakeKernel(Pid1):
    """lacks: file systems, between blanks.
    proc: texts that take the place of these files of /proc.
    prepare: a script that runs in there before the first instruction of PID 1."""

    def __init__(self, lacks="", *, words=(), proc=None, prepare="", **rest):
        super().__init__(
            ("/init", "--container=no", *words),
            inittab=INITTAB,
            files=FILES,
            env={"MAINSTAY_FAKE_LACKS": lacks},
            programs={"/init": faults.FAULTY / "init_faulty"},
            **rest,
        )
        self._proc = proc or {}
        self._prepare = prepare

    def before_first_instruction(self):
        for name, text in self._proc.items():
            (self.root / f".{name}").write_text(text)
            self.run("mount", "--bind", f"/.{name}", f"/proc/{name}")
        self.run("sh", "-euc", self._prepare)

    def wait_until_up(self):
        eventually((self.root / "reached").exists, "the inittab is reached")
        eventually(lambda: "ready" in self.run("svctl", "up", "web", check=False), "the service runs")

    def power_off(self):
        self.signal(38)
        assert self.exit_status() == POWERED_OFF

    def types(self):
        """File systems by mount point."""
        lines = (self.root / "proc/1/mounts").read_text().splitlines()
        return {point: kind for _, point, kind, *_ in map(str.split, lines)}


needs_loop_devices = pytest.mark.skipif(
    not os.path.exists("/dev/loop-control"), reason="there are no loop devices"
)


class LateRoot:
    """The file system of a whole system, on a partition of a loop device that comes when it is told."""

    PLACE = 1 << 20
    SECTORS = "30000"

    def __init__(self, directory):
        self.uuid = str(uuid.uuid4())
        self._image = directory / "disk.img"
        self._device = None
        stage_system(directory / "tree", INITTAB, FILES)
        make = ["mke2fs", "-q", "-F", "-t", "ext4", "-O", "^metadata_csum", "-U", self.uuid, "-d", directory / "tree"]
        subprocess.run([*make, "-E", f"offset={self.PLACE}", self._image, "15000k"], check=True)
        subprocess.run(["truncate", "-s", "17M", self._image], check=True)

    def __enter__(self):
        return self

    def damage(self):
        """What says how large its blocks are is nonsense; see struct ext4_super_block of the kernel."""
        with open(self._image, "r+b") as image:
            image.seek(self.PLACE + 1024 + 24)
            image.write(b"\xff\xff")

    def plug_in(self):
        """Whether the kernel reads tables of partitions or not."""
        attach = ["losetup", "--find", "--show", self._image]
        self._device = subprocess.check_output(attach, text=True).strip()
        subprocess.run(["addpart", self._device, "1", "2048", self.SECTORS], check=True)

    def __exit__(self, *_):
        if self._device:
            remove = ["delpart", self._device, "1"]
            eventually(lambda: not subprocess.run(remove).returncode, "the root is unmounted")
            subprocess.run(["losetup", "--detach", self._device], check=True)
