"""A QEMU guest for bench_boot.py: boots an initramfs, says how long the boot took by the guest's own
clock, and how long ctrl-alt-del takes until the machine is reset."""

import json
import re
import select
import socket
import subprocess
import tempfile
import time

import bench_namespace

BOOT_DEADLINE = 120
RESET_DEADLINE = 60
# nitro looks at its services again 2 s after their start: every guest is left to come to rest.
UNTIL_IDLE = 3


class GuestError(Exception):
    pass


class Guest:
    def __init__(self, kernel, accelerator, initramfs):
        self._directory = tempfile.TemporaryDirectory(prefix="mainstay-bench-")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(f"{self._directory.name}/monitor")
        self._listener.listen(1)
        self._listener.settimeout(RESET_DEADLINE)
        self._process = subprocess.Popen(
            [
                *bench_namespace.PRIORITY,
                *("qemu-system-x86_64", "-machine", "pc", "-accel", accelerator, "-m", "256"),
                *("-display", "none", "-no-reboot", "-nodefaults"),
                *("-kernel", kernel, "-initrd", initramfs, "-append", "console=ttyS0 quiet"),
                *("-serial", "stdio"),
                *("-chardev", f"socket,id=monitor,path={self._directory.name}/monitor"),
                *("-mon", "monitor,mode=control"),
                *(("-cpu", "host") if accelerator == "kvm" else ()),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        connection, _ = self._listener.accept()
        connection.settimeout(RESET_DEADLINE)
        self._monitor = connection.makefile("rw")
        self._monitor.readline()  # its greeting
        self._execute("qmp_capabilities")

    def _execute(self, command, **arguments):
        self._monitor.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self._monitor.flush()

    def boot(self):
        """@returns nanoseconds from PID 1's first instruction until all services run"""
        said = b""
        end = time.monotonic() + BOOT_DEADLINE
        while time.monotonic() < end:
            if select.select([self._process.stdout], [], [], 1)[0]:
                data = self._process.stdout.read1()
                said += data
                found = re.search(rb"bench: (\d+) ns", said)
                if found:
                    return int(found.group(1))
                if not data:
                    break
        tail = said.decode(errors="replace")[-1500:]
        raise GuestError(f"the services did not come up; the console said:\n{tail}")

    def reset(self):
        """@returns nanoseconds from the keys until the machine is reset"""
        time.sleep(UNTIL_IDLE)
        keys = [{"type": "qcode", "data": key} for key in ("ctrl", "alt", "delete")]
        events = [{"type": "key", "data": {"down": True, "key": key}} for key in keys]
        began = time.monotonic_ns()
        self._execute("input-send-event", events=events)
        try:
            for line in self._monitor:
                if json.loads(line).get("event") == "SHUTDOWN":
                    return time.monotonic_ns() - began
        except TimeoutError:
            raise GuestError(f"no reset within {RESET_DEADLINE} s of ctrl-alt-del") from None
        raise GuestError("QEMU ended without a reset")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        self._monitor.close()
        self._listener.close()
        self._directory.cleanup()
