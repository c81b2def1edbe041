"""A machine in QEMU and what a person in front of it does: type, read, press keys, pull plugs.

    with Guest(initramfs=…, disk=…, append="root=/dev/vda1") as guest:
        guest.login()
        assert guest.run("hostname") == "mainstay"
        guest.type("poweroff")
        assert guest.end() == "guest-shutdown"

Every wait is for something to appear and has a deadline, generous because nothing waits for it to
pass. What fails shows the last the console said.
"""

import functools
import json
import pathlib
import socket
import subprocess
import tempfile

import pexpect

TOP = pathlib.Path(__file__).resolve().parents[2]
KERNEL = TOP / "build/kernel/vmlinuz"
PROMPT = r"root@mainstay:~# "

DEADLINE = 120


@functools.cache
def accelerator():
    return subprocess.check_output([TOP / "scripts/accelerator", KERNEL], text=True).strip()


class Console:
    """A command whose terminal is the guest's serial console."""

    def __init__(self, command):
        # If the tests die, so does the guest.
        self._terminal = pexpect.spawn(
            "setpriv",
            ["--pdeathsig", "KILL", *map(str, command)],
            encoding="utf-8",
            codec_errors="replace",
            timeout=DEADLINE,
            dimensions=(24, 200),
        )
        self._shown = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._terminal.close(force=True)

    def expect(self, pattern):
        """Waits until the console shows a match; returns it."""
        try:
            found = self._terminal.expect([pattern, "Kernel panic"])
        except (pexpect.TIMEOUT, pexpect.EOF) as problem:
            self._shown.append(self._terminal.before)
            why = "the guest has ended" if isinstance(problem, pexpect.EOF) else "the time is up"
            raise AssertionError(f"no /{pattern}/: {why}\n{self._tail()}") from None
        self._shown += [self._terminal.before, self._terminal.after]
        assert found == 0, f"the kernel panicked before /{pattern}/\n{self._tail()}"
        return self._terminal.match

    def transcript(self):
        """What the console has shown, up to the last match."""
        return "".join(self._shown).replace("\r", "")

    def _tail(self):
        return "\n".join(self.transcript().splitlines()[-200:])

    def type(self, line):
        self._terminal.send(line + "\r")

    def press(self, keys):
        """Sends characters as they are, such as "\\x03" for ctrl-C."""
        self._terminal.send(keys)

    def login(self):
        self.expect(r"mainstay login: ")
        self.type("root")
        self.expect(PROMPT)
        # Colours, and messages of the kernel in the middle of a command's output, would tear it.
        self.run("export NO_COLOR=1; dmesg -n 1")

    def run(self, command, status=0):
        """Runs a command in the shell at the console, expects its exit status, and returns what
        it printed. The quotes keep the shell's echo of the line from being taken for the result."""
        self.type(f'echo @""begin; {command}; echo @""end $?')
        # A message of the kernel may follow either word at once.
        self.expect("@begin")
        match = self.expect(r"@end (\d+)(?=\D)")
        output = self._shown[-2].replace("\r", "").strip()
        assert int(match.group(1)) == status, f"{command}: exit {match.group(1)}\n{output}"
        return output

    def wait_until(self, condition):
        """Waits until a command of the shell succeeds."""
        self.run(f"until {condition}; do usleep 100000; done")

    def wait_for_exit(self):
        """Waits for the command itself to end; returns its exit status."""
        try:
            self._terminal.expect(pexpect.EOF)
        except pexpect.TIMEOUT:
            self._shown.append(self._terminal.before)
            raise AssertionError(f"the guest has not ended\n{self._tail()}") from None
        self._shown.append(self._terminal.before)
        self._terminal.close()
        return self._terminal.exitstatus


class Monitor:
    """QEMU's machine protocol (QMP), for keys and for how the machine ended."""

    def __init__(self, path):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen(1)
        self._listener = listener
        self._stream = None

    def connect(self):
        """QEMU calls us as it starts."""
        self._listener.settimeout(DEADLINE)
        connection, _ = self._listener.accept()
        self._listener.close()
        connection.settimeout(DEADLINE)
        self._stream = connection.makefile("rw")
        self._stream.readline()  # its greeting
        self.execute("qmp_capabilities")

    def execute(self, command, **arguments):
        self._stream.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self._stream.flush()

    def shutdown_reason(self):
        """Waits for the machine to end: "guest-shutdown" (power off) or "guest-reset"."""
        for line in self._stream:
            message = json.loads(line)
            assert "error" not in message, message
            if message.get("event") == "SHUTDOWN":
                return message["data"]["reason"]
        raise AssertionError("QEMU ended without the guest having asked for it")

    def close(self):
        self._listener.close()
        if self._stream:
            self._stream.close()


def device(path, bus="virtio"):
    """QEMU's words for a raw image as a disk: /dev/vda, or with bus="nvme" /dev/nvme0n1."""
    driver = {"virtio": "virtio-blk-pci", "nvme": "nvme,serial=mainstay"}[bus]
    name = pathlib.Path(path).stem
    return ["-drive", f"file={path},if=none,format=raw,id={name}", "-device", f"{driver},drive={name}"]


class Machine(Console):
    """A QEMU machine of the type "pc" that ends when it is reset, with further words for QEMU that say
    what is in it and what it boots. With network=False it has no device for one; memory is in MiB."""

    def __init__(self, *words, network=True, memory=256):
        self._directory = tempfile.TemporaryDirectory(prefix="mainstay-boot-")
        monitor_socket = f"{self._directory.name}/monitor"
        command = [
            *("qemu-system-x86_64", "-machine", "pc", "-accel", accelerator(), "-m", str(memory)),
            *("-display", "none", "-no-reboot"),
            *("-chardev", "stdio,id=serial,signal=off", "-serial", "chardev:serial"),
            *("-chardev", f"socket,id=monitor,path={monitor_socket}", "-mon", "monitor,mode=control"),
        ]
        if network:
            command += ["-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile="]
        else:
            command += ["-nic", "none"]
        if accelerator() == "kvm":
            command += ["-cpu", "host"]
        self._monitor = Monitor(monitor_socket)
        super().__init__([*command, *words])
        self._monitor.connect()

    def __exit__(self, *problem):
        super().__exit__(*problem)
        self._monitor.close()
        self._directory.cleanup()

    def press_ctrl_alt_del(self):
        keys = [{"type": "qcode", "data": key} for key in ("ctrl", "alt", "delete")]
        self._monitor.execute("send-key", keys=keys)

    def plug_in(self, path):
        """A disk, write-protected, as the next virtio disk of the running machine."""
        drive = {"driver": "file", "filename": str(path), "read-only": True, "node-name": "late"}
        self._monitor.execute("blockdev-add", **drive)
        self._monitor.execute("device_add", driver="virtio-blk-pci", drive="late", id="late-disk")

    def end(self):
        """Waits for the guest to end the machine; returns how, see Monitor.shutdown_reason."""
        assert self.wait_for_exit() == 0
        return self._monitor.shutdown_reason()


class Guest(Machine):
    """A machine whose kernel QEMU loads itself.

    append     words for the kernel command line, besides the consoles
    initramfs  a file, or none
    disk       a raw image, as virtio disk or with bus="nvme"
    """

    def __init__(self, append="", *, initramfs=None, disk=None, bus="virtio", **machine):
        words = ["-kernel", KERNEL, "-append", f"console=tty0 console=ttyS0 {append}"]
        if initramfs:
            words += ["-initrd", initramfs]
        if disk:
            words += device(disk, bus)
        super().__init__(*words, **machine)
