"""A system on a kernel, or with devices, that are not to be had: PID 1 is a faulty program whose calls
are answered as they would be there (tests/faults/fake_kernel.h)."""

import signal

import faults
from namespace import Pid1, eventually

POWERED_OFF = -signal.SIGINT
INITTAB = "::sysinit:/bin/touch /reached\n::supervise:/sbin/supervisor /etc/service\n"
FILES = {"/etc/service/web/run": "#!/bin/sh\nexec sleep 8888\n"}


class FakeKernel(Pid1):
    """lacks: file systems, between blanks.
    proc: texts that take the place of these files of /proc.
    prepare: a script that runs in there before the first instruction of PID 1."""

    def __init__(self, lacks="", *, words=(), proc=None, prepare="", files=None, **rest):
        super().__init__(
            ("/init", "--container=no", *words),
            inittab=INITTAB,
            files=FILES | (files or {}),
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
