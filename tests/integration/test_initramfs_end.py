"""An initramfs that finds no root, or none that is of use: a shell, or what the command line says instead."""

import signal

import pytest

from fake_kernel import CONSOLES, FakeKernel, LateRoot, needs_loop_devices
from namespace import Pid1  # noqa: F401  (conftest.py knows by it that this needs root)

# What reboot(2) becomes in a pid namespace.
REBOOTED, ENDED = -signal.SIGHUP, -signal.SIGINT


@pytest.mark.parametrize(
    "word, request_word, status",
    [("reboot", "reboot", REBOOTED), ("poweroff", "poweroff", ENDED), ("halt", "halt", ENDED)],
)
@pytest.mark.parametrize("why", ["rd.shell=0", "mainstay.rescue=off"])
def test_without_a_shell_it_ends_as_it_is_told(word, request_word, status, why):
    proc = {"cmdline": f"root=/dev/nowhere rd.timeout=0 rd.emergency={word} {why}"}
    with FakeKernel(proc=proc) as p:
        p.wait_for_line("init: The root device /dev/nowhere did not appear within 0 s")
        p.wait_for_line(rf"init: there is no shell, or none is allowed: {request_word} \(rd.emergency=\)$")
        assert p.exit_status() == status
        assert "Rescue shell" not in p.transcript()


@needs_loop_devices
def test_a_damaged_superblock_is_named_and_ends_in_a_shell(tmp_path):
    with LateRoot(tmp_path) as root:
        root.damage()
        root.plug_in()
        # Without devtmpfs the node of the partition is init's to make.
        proc = {"cmdline": f"root=UUID={root.uuid} rw", "filesystems": "\text4\n"}
        with FakeKernel(proc=proc, prepare=CONSOLES, dev="nodes") as p:
            cause = "as ext4 failed: wrong type or option, or a damaged file system"
            p.wait_for_line(rf"\*\*\* Mounting /dev/loop\d+p1 {cause}")
            p.wait_for_line("Rescue shell")
            p.send("echo of $((6 * 7))\n")
            p.wait_for_line("^of 42$")
