"""Debian's sysvinit drives our PID 1: its programs, its inittab and its rc scripts, as they are.

The packages are unpacked, not installed (scripts/fetch sysvinit). Everything runs in namespaces.
"""

import pathlib
import re
import signal
import subprocess

import pytest

import namespace
from namespace import Pid1, eventually

SYSVINIT = namespace.TOP / "build/sysvinit"
TOOLS = ["halt", "shutdown", "runlevel"]

GETTY = """#!/bin/sh
echo "getty on $(eval echo \\${$#})"
exec sleep 9999
"""
SULOGIN = """#!/bin/sh
echo "sulogin $*"
read -r line
"""
SERVICE = """#!/bin/sh
echo "hello $1 in $RUNLEVEL from $PREVLEVEL, $(runlevel)"
"""
MOUNT_RUN = "#!/bin/sh\nln -sfn ../run /var/run\n: >/var/log/wtmp\n"


@pytest.fixture(scope="module", autouse=True)
def sysvinit():
    subprocess.run([namespace.TOP / "scripts/fetch", "sysvinit"], check=True)


def read(path):
    return (SYSVINIT / path).read_bytes()


def libraries(*programs):
    """What these need of the machine's, by the places where they look for it."""
    listed = subprocess.run(["ldd", *programs], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"(/\S+\.so\S*)", listed))


def debian(inittab=None):
    """Files and programs of a system as Debian has it, with sysvinit's own tools under /real.

    A program that would be written through one of our links is removed first.
    """
    real = {"/real/telinit": SYSVINIT / "sbin/init"}
    for name in TOOLS:
        real[f"/sbin/{name}"] = SYSVINIT / "sbin" / name
    real["/real/halt"] = real["/real/poweroff"] = real["/real/reboot"] = SYSVINIT / "sbin/halt"
    programs = {**real, **{library: library for library in libraries(*real.values())}}
    files = {str(pathlib.Path(place).parent / ".keep"): "" for place in programs}
    files |= {f"/sbin/{name}": None for name in [*TOOLS, "poweroff", "reboot"]}
    files |= {"/sbin/poweroff": '#!/bin/sh\nexec /real/poweroff "$@"\n'}
    files |= {"/sbin/reboot": '#!/bin/sh\nexec /real/reboot "$@"\n'}
    files |= {f"/etc/init.d/{name}": read(f"etc/init.d/{name}") for name in ("halt", "reboot", "single")}
    files |= {f"/lib/init/{name}": read(f"lib/init/{name}") for name in ("rc", "rcS", "vars.sh")}
    files |= {"/etc/init.d/rc": "#!/bin/sh\nexec /lib/init/rc \"$@\"\n"}
    files |= {"/etc/init.d/rcS": "#!/bin/sh\nexec /lib/init/rcS\n"}
    files |= {"/lib/lsb/init-functions": read("lib/lsb/init-functions")}
    files |= {"/etc/rcS.d/S01run": MOUNT_RUN}
    files |= {f"/etc/rc{level}.d/S02hello": SERVICE for level in "2345"}
    files |= {f"/etc/rc{level}.d/K01hello": SERVICE for level in "016"}
    files |= {"/etc/rc0.d/K09halt": read("etc/init.d/halt")}
    files |= {"/etc/rc6.d/K09reboot": read("etc/init.d/reboot")}
    files |= {"/etc/rc1.d/S21single": read("etc/init.d/single")}
    files |= {"/etc/default/halt": "NETDOWN=yes\n", "/etc/hostname": "debian\n"}
    files |= {"/sbin/getty": GETTY, "/sbin/sulogin": SULOGIN}
    files |= {"/etc/inittab": inittab or read("usr/share/sysvinit/inittab")}
    return {"files": files, "programs": programs}


def booted(pid1):
    pid1.wait_for_line("^hello start in 2 from N, N 2$")
    for _ in range(6):
        pid1.wait_for_line(r"^getty on (tty\d)$")
    return pid1


def test_debians_inittab_and_scripts_from_boot_to_boot():
    with Pid1(**debian()) as p:
        booted(p)
        assert sorted(re.findall(r"^getty on (tty\d)$", p.transcript(), re.M)) == [
            f"tty{number}" for number in range(1, 7)
        ]
        p.run("/real/telinit", "3")
        p.wait_for_line("^hello start in 3 from 2, 2 3$")
        assert p.transcript().count("getty on") == 6  # in both levels
        p.run("/real/telinit", "-t", "1", "4")
        p.wait_for_line("^hello start in 4 from 3, 3 4$")
        # Single user by way of level 1, and back.
        p.run("/real/telinit", "1")
        p.wait_for_line("^hello stop in 1 from 4, 4 1$")
        p.wait_for_line("^sulogin --force$")
        p.send("\n")
        p.wait_for_line("^hello start in 2 from S, S 2$")
        p.run("/sbin/shutdown", "-r", "now", check=False)
        p.wait_for_line("^hello stop in 6 from 2, 2 6$")
        p.wait_for_line("Will now restart")
        assert p.exit_status() == -signal.SIGHUP


@pytest.mark.parametrize(
    ("command", "said", "status"),
    [
        ("/real/halt", "hello stop in 0 from 2, 2 0", signal.SIGINT),
        ("/real/poweroff", "hello stop in 0 from 2, 2 0", signal.SIGINT),
        ("/real/reboot", "hello stop in 6 from 2, 2 6", signal.SIGHUP),
        ("/sbin/shutdown -h -H now", "hello stop in 0 from 2, 2 0", signal.SIGINT),
        ("/real/telinit 6", "hello stop in 6 from 2, 2 6", signal.SIGHUP),
        ("/real/telinit u; sleep 0; /real/telinit 0", "hello stop in 0 from 2, 2 0", signal.SIGINT),
    ],
)
def test_debians_tools_end_the_system(command, said, status):
    with Pid1(**debian()) as p:
        booted(p)
        p.run("sh", "-c", command, check=False)
        p.wait_for_line(f"^{said}$")
        assert p.exit_status() == -status


def test_debians_tools_end_a_system_whose_scripts_do_not():
    with Pid1(**debian()) as p:
        booted(p)
        for script in ("rc0.d/K09halt", "rc6.d/K09reboot"):
            (p.root / "etc" / script).unlink()
        (p.root / "etc/rc0.d/K09say").write_text("#!/bin/sh\necho halt is $INIT_HALT\n")
        (p.root / "etc/rc0.d/K09say").chmod(0o755)
        p.run("/sbin/shutdown", "-h", "-H", "now", check=False)
        p.wait_for_line("^halt is HALT$")
        p.wait_for_line("the system goes down: halt")
        assert p.exit_status() == -signal.SIGINT


BUSYBOX_INITTAB = """# What busybox's own example has, line by line.
::sysinit:/etc/init.d/rcS
::askfirst:-/bin/sh
tty2::askfirst:-/bin/sh
tty4::respawn:/sbin/getty 38400 tty5
#::respawn:/sbin/getty -L ttyS0 9600 vt100
::respawn:/sbin/getty -L console 9600 vt100
::restart:/sbin/init
::ctrlaltdel:/sbin/reboot
::shutdown:/bin/umount -a -r
::shutdown:/sbin/swapoff -a
"""


def test_sysvinits_tools_drive_a_system_with_busyboxs_inittab():
    system = debian(BUSYBOX_INITTAB)
    system["files"]["/etc/init.d/rcS"] = "#!/bin/sh\nln -sfn ../run /var/run\necho started\n"
    with Pid1(**system) as p:
        p.wait_for_line("^started$")
        said = ("getty on vt100", "Please press Enter to activate this console")
        eventually(lambda: all(text in p.transcript() for text in said), "its entries run")
        p.run("/real/telinit", "q")
        p.wait_for_line("reading /etc/inittab again")
        p.run("/real/telinit", "2")
        p.wait_for_line("runlevel 2: this inittab has no runlevels")
        p.run("/sbin/shutdown", "-h", "-H", "now", check=False)
        p.wait_for_line("the system goes down: halt")
        assert p.exit_status() == -signal.SIGINT
