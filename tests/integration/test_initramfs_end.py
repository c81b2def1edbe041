"""An initramfs that finds no root, and nobody at its console: what the command line says instead of a
shell."""

import signal

import pytest

from fake_kernel import FakeKernel
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
