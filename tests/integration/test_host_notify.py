"""PID 1 tells the one that started it, by NOTIFY_SOCKET, how far it is."""

import socket
import time

import pytest

from namespace import DEADLINE, Pid1, eventually

SERVICES = "::supervise:/sbin/supervisor /etc/service\n"
ALONE = "::once:/bin/true\n"


class Listening(Pid1):
    """A system whose NOTIFY_SOCKET is in its own root, where this side listens before it starts."""

    def __init__(self, *arguments, **rest):
        super().__init__(*arguments, env={"NOTIFY_SOCKET": "/host.sock"}, **rest)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.settimeout(2 * DEADLINE)

    def before_first_instruction(self):
        self._socket.bind(str(self.root / "host.sock"))

    def __exit__(self, *what):
        self._socket.close()
        super().__exit__(*what)

    def told(self):
        return self._socket.recv(4096).decode()



@pytest.mark.parametrize("inittab", [SERVICES, ALONE], ids=["services", "none"])
def test_the_host_is_told_of_boot_and_end(inittab):
    files = {
        "/etc/service/web/run": "#!/bin/sh\nenv >/run/env.new; mv /run/env.new /run/env\nexec sleep 1000\n",
        "/bin/show": "#!/bin/sh\nenv >/run/entry\n",
    }
    argv = ["/sbin/init", "--container=yes"]
    before = time.monotonic()
    with Listening(argv, inittab=inittab + "::sysinit:/bin/show\n", files=files) as system:
        assert system.told() == "READY=1\nSTATUS=boot complete"
        assert "NOTIFY_SOCKET" not in (system.root / "run/entry").read_text()
        if inittab is SERVICES:
            # Of the container, not of the kernel that it shares.
            assert float((system.root / "run/mainstay/booted").read_text()) <= time.monotonic() - before
            env = system.root / "run/env"
            eventually(env.exists, "the service has said what it got")
            assert "NOTIFY_SOCKET" not in env.read_text()
        system.signal("TERM")
        assert system.told() == "STOPPING=1\nSTATUS=poweroff"
        assert system.told() == "EXIT_STATUS=0"
        system.exit_status()


@pytest.mark.parametrize("name, why", [("relative", "must be an absolute path"), ("/nowhere/s", "No such file")])
def test_a_socket_that_is_none_is_told_and_does_no_harm(name, why):
    with Pid1(["/sbin/init", "--container=yes"], inittab=ALONE, env={"NOTIFY_SOCKET": name}) as system:
        system.wait_for_line(f"NOTIFY_SOCKET={name}: .*{why}")
        system.signal("TERM")
        system.exit_status()
