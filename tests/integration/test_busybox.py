"""busybox's own: its example of an inittab, its halt, poweroff and reboot, its svc and svok.

Debian's package has neither the example nor the applet sv: the one is read from the file that
MAINSTAY_BUSYBOX_INITTAB names, or stands below in the same kinds of lines; for the other see
test_runit_wire.py.
"""

import fcntl
import os
import pathlib
import signal
import struct
import subprocess

import pytest

from namespace import BUSYBOX, DEADLINE, PROGRAMS, Pid1, Transcript, eventually
from runit_tree import OURS, RunitTree

# Tabs, blank lines and signs of a comment at all their places, as there.
LIKE_THE_EXAMPLE = """\
# /etc/inittab of busybox's kind
#
# Format for each entry: <id>:<runlevels>:<action>:<process>
#
#\tthe id is a terminal below /dev; the runlevels mean nothing
#\t::sysinit:/etc/init.d/never
#
::sysinit:/etc/init.d/rcS

::askfirst:-/bin/sh
# on further terminals
tty2::askfirst:-/bin/sh
tty3::askfirst:-/bin/sh
tty4::askfirst:-/bin/sh

tty4::respawn:/sbin/getty 38400 tty5
tty5::respawn:/sbin/getty 38400 tty6

#::respawn:/sbin/getty -L ttyS0 9600 vt100
#
#::respawn:/sbin/getty 57600 ttyS2

::restart:/sbin/init

::ctrlaltdel:/sbin/reboot
::shutdown:/bin/umount -a -r
::shutdown:/sbin/swapoff -a
"""
EXAMPLE = os.environ.get("MAINSTAY_BUSYBOX_INITTAB")
INITTAB = pathlib.Path(EXAMPLE).read_text() if EXAMPLE else LIKE_THE_EXAMPLE
FILES = {
    "/etc/init.d/rcS": "#!/bin/sh\necho started, $# arguments\n",
    "/sbin/getty": '#!/bin/sh\necho "getty $* on $(tty)"\nexec sleep 9999\n',
    "/bin/umount": '#!/bin/sh\necho "umount $*"\n',
    "/sbin/swapoff": '#!/bin/sh\necho "swapoff $*"\n',
}
TIOCSPTLCK, TIOCGPTN = 0x40045431, 0x80045430  # of <asm-generic/ioctls.h>
ASKED = "^Please press Enter to activate this console"


class Terminals(Pid1):
    """A system with tty2 to tty5."""

    def __init__(self, **rest):
        super().__init__(**rest)
        self.tty = {}
        self._masters = []

    def before_first_instruction(self):
        self.run("mkdir", "/dev/pts")
        self.run("mount", "-t", "devpts", "devpts", "/dev/pts")
        for number in range(2, 6):
            master = os.open(self.root / "dev/pts/ptmx", os.O_RDWR | os.O_NOCTTY)
            self._masters.append(master)
            fcntl.ioctl(master, TIOCSPTLCK, struct.pack("i", 0))
            (found,) = struct.unpack("i", fcntl.ioctl(master, TIOCGPTN, bytes(4)))
            # Held open on this side as well: else it hangs up whenever nobody in there has it open.
            self._masters.append(os.open(self.root / f"dev/pts/{found}", os.O_RDWR | os.O_NOCTTY))
            (self.root / f"dev/tty{number}").touch()
            self.run("mount", "--bind", f"/dev/pts/{found}", f"/dev/tty{number}")
            self.tty[number] = Transcript(master)

    def type_on(self, number, text):
        os.write(self._masters[2 * (number - 2)], text.encode())

    def __exit__(self, *what):
        super().__exit__(*what)
        for fd in self._masters:
            os.close(fd)


def test_the_lint_finds_nothing_in_the_example(tmp_path):
    path = tmp_path / "inittab"
    path.write_text(INITTAB)
    said = subprocess.run([PROGRAMS / "init", "--check", path], capture_output=True, text=True)
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


def test_each_line_of_the_example_does_what_busybox_says():
    with Terminals(inittab=INITTAB, files=FILES) as p:
        p.wait_for_line("^started, 0 arguments$")
        p.wait_for_line(ASKED)
        for number in (2, 3, 4):
            p.tty[number].wait_for(ASKED, DEADLINE)
        for number in (4, 5):
            eventually(
                lambda: f"getty 38400 tty{number + 1} on /dev/tty{number}\n" in p.tty[number].text(),
                f"the getty on tty{number}",
            )
        p.type_on(3, "\n")
        p.tty[3].wait_for("# ", DEADLINE)
        p.type_on(3, "echo $0 on $(tty)\n")
        p.tty[3].wait_for("^-/bin/sh on /dev/tty3$", DEADLINE)
        assert "inittab:" not in p.transcript()
        # What asks for Enter ends no line: what is said next may stand behind it.
        p.signal("QUIT")  # the entry restart: init anew, after the entries shutdown
        p.wait_for_line("umount -a -r$")
        p.wait_for_line("swapoff -a$")
        p.wait_for_line("^started, 0 arguments$")
        p.signal("INT")  # the entry ctrlaltdel
        p.wait_for_line("umount -a -r$")
        p.wait_for_line("swapoff -a$")
        assert p.exit_status() == -signal.SIGHUP


@pytest.mark.parametrize(
    ("applet", "request_word"),
    # reboot sends TERM, by which managers of containers mean the end; of a machine see test_migrate.py.
    [("halt", "halt"), ("poweroff", "poweroff"), ("reboot", "poweroff")],
)
def test_its_programs_end_the_system(applet, request_word):
    with Pid1(inittab=INITTAB.replace("tty", "#tty"), files=FILES) as p:
        p.wait_for_line("^started")
        p.run("/bin/busybox", applet, check=False)
        p.wait_for_line(f"the system goes down: {request_word}")
        p.wait_for_line("umount -a -r$")
        assert p.exit_status() == -signal.SIGINT


# --- svc and svok, daemontools' names for what sv does


def test_svc_and_svok_drive_services():
    """Not svok where nobody listens any more: it would wait for somebody, there and here."""
    with RunitTree(OURS) as tree:
        directory = tree.add("web")

        def does(applet, *words):
            return subprocess.run([BUSYBOX, applet, *words], timeout=DEADLINE, check=False).returncode

        assert does("svok", directory) != 0
        tree.start()
        tree.wait_got("web", "up")
        assert does("svok", directory) == 0
        for letter, name in (("h", "HUP"), ("a", "ALRM"), ("i", "INT")):
            assert does("svc", f"-{letter}", directory) == 0
            tree.wait_got("web", name)
        assert does("svc", "-t", directory) == 0
        tree.wait_got("web", "TERM", "up")
        assert does("svc", "-p", directory) == 0
        eventually(lambda: tree.status_byte("web", 16) == 1, "it is paused")
        assert does("svc", "-c", directory) == 0
        eventually(lambda: tree.status_byte("web", 16) == 0, "it goes on")
        assert does("svc", "-d", directory) == 0
        tree.wait_got("web", "TERM")
        eventually(lambda: tree.status_byte("web", 19) == 0, "it is down")
        assert does("svc", "-o", directory) == 0
        tree.wait_got("web", "up")
        assert does("svc", "-k", directory) == 0
        eventually(lambda: tree.status_byte("web", 19) == 0, "it is down, as it was to run once")
        assert does("svc", "-u", directory) == 0
        tree.wait_got("web", "up")
        assert does("svc", "-dx", directory) == 0
        tree.wait_got("web", "TERM")
        eventually(lambda: not tree.is_supervised("web"), "it is left")
