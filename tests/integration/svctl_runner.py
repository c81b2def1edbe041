"""Runs svctl as an admin would: in a pipe, or in a terminal of its own."""

import fcntl
import os
import pathlib
import pty
import struct
import subprocess
import termios

TOP = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(os.environ.get("MAINSTAY_BIN", TOP / "build/release/bin"))
SVCTL = PROGRAMS / "svctl"

# Generous, as nothing waits for it to pass.
DEADLINE = 60


def environment(**changes):
    """A plain environment: nothing of the caller's changes what is printed."""
    return {"PATH": os.environ["PATH"], "TERM": "xterm", "LANG": "C.UTF-8", "TZ": "UTC", **changes}


def svctl(*words, control=None, **changes):
    """Runs svctl with its output in pipes."""
    option = ["--control", str(control)] if control else []
    return subprocess.run(
        [SVCTL, *option, *words],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        env=environment(**changes),
    )


def svctl_in_terminal(*words, control, columns=80, **changes):
    """Runs svctl in a terminal. Returns exactly what the terminal was sent, and the exit code."""
    leader, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [SVCTL, "--control", str(control), *words],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=environment(**changes),
    )
    os.close(terminal)
    shown = b""
    while True:
        try:
            chunk = os.read(leader, 65536)
        except OSError:  # EIO: nobody has the terminal open any more
            break
        if not chunk:
            break
        shown += chunk
    os.close(leader)
    return shown.decode().replace("\r\n", "\n"), process.wait(DEADLINE)
