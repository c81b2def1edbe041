"""What docs/migrate.md says of Void's stages and of dpkg, beside what tests/boot/test_migrate.py boots."""

import os
import re
import shutil
import signal
import subprocess

import pytest

from namespace import DEADLINE, LIBRARIES, PROGRAMS, TOP, Pid1, eventually
from runit_tree import PEERS, fetch_peers

GUIDE = (TOP / "docs/migrate.md").read_text()
OURS = "/usr/lib/mainstay/init"


def blocks(heading):
    """The blocks of commands below a heading of the page, up to the next one."""
    part = GUIDE[GUIDE.index(f"\n{heading}\n") + len(heading) + 2 :]
    return re.findall(r"```sh\n(.*?)```", re.split(r"^#+ ", part, maxsplit=1, flags=re.M)[0], re.DOTALL)


# --- Void: its links and what its stages do, with runit's real runsvchdir and sv


STAGES = {
    "/etc/runit/1": "#!/bin/sh\necho stage 1\n",
    "/etc/rc.local": "#!/bin/sh\necho rc.local\n",
    "/etc/runit/3": "#!/bin/sh\nsv force-stop /var/service/*\nsv exit /var/service/*\necho stage 3\n",
    "/etc/sv/web/run": "#!/bin/sh\nexec chpst -P sleep 8888\n",
    "/etc/sv/sulogin/run": "#!/bin/sh\nexec sleep 7777\n",
}
LINKS = {
    "etc/runit/runsvdir/current": "default",
    "etc/runit/runsvdir/default/web": "/etc/sv/web",
    "etc/runit/runsvdir/single/sulogin": "/etc/sv/sulogin",
    "etc/sv/web/supervise": "/run/runit/supervise.web",
    "var/service": "../run/runit/runsvdir/current",
}


class Void(Pid1):
    def __init__(self):
        inittab = re.search(r"<<'END'\n(.*?)END\n", blocks("#### Void")[0], re.DOTALL)[1]
        programs = {f"/usr/bin/{name}": PEERS / name for name in ("sv", "chpst")}
        programs["/usr/bin/runsvchdir"] = PEERS.parent / "sbin/runsvchdir"
        programs["/usr/lib/mainstay/supervisor"] = PROGRAMS / "supervisor"
        places = {"/usr/lib/mainstay/.keep": ""}
        for name in ("default", "single"):
            places[f"/etc/runit/runsvdir/{name}/.keep"] = ""
        libraries = [path for path in LIBRARIES if path != "/usr/lib"] + ["/usr/lib/x86_64-linux-gnu"]
        super().__init__(inittab=inittab, files=STAGES | places, programs=programs, shared=libraries)

    def before_first_instruction(self):
        (self.root / "run/runit").mkdir()
        for place, target in LINKS.items():
            (self.root / place).symlink_to(target)


def test_voids_stages_and_links():
    fetch_peers()
    with Void() as p:
        p.wait_for_line("^stage 1$")
        p.wait_for_line("^rc.local$")
        p.run("svctl", "wait", "--boot")
        eventually(lambda: "run: " in p.run("sv", "status", "/var/service/web", check=False), "sv finds it")
        eventually(lambda: p.run("pidof", "sleep", check=False), "chpst has become the service")
        p.run("runsvchdir", "single")
        eventually(lambda: p.run("svctl", "list") == "sulogin\n", "the services are those of the other directory")
        eventually(lambda: "run: " in p.run("sv", "status", "/var/service/sulogin", check=False), "and run")
        p.run("/sbin/reboot", check=False)
        p.wait_for_line("^stage 3$")
        assert p.exit_status() == -signal.SIGHUP


# --- dpkg: a package of an old init, updated after the switch


NAMES = "init telinit poweroff reboot halt shutdown".split()
CONTROL = "Package: old-init\nVersion: {}\nArchitecture: all\nMaintainer: nobody <nobody@localhost>\nDescription: old\n"
# dpkg wants these two; they lie where the links are made.
NEEDED = ("ldconfig", "start-stop-daemon")


def package(place, version, directory):
    """A package whose programs say its version."""
    tree = place / f"tree-{version}"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN/control").write_text(CONTROL.format(version))
    for name in NAMES:
        path = tree / directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{name} {version}\n")
    made = place / f"old-init_{version}.deb"
    subprocess.run(["dpkg-deb", "--build", "--root-owner-group", tree, made], check=True, stdout=subprocess.DEVNULL)
    return made


@pytest.mark.skipif(os.geteuid() != 0, reason="this needs root")
@pytest.mark.parametrize("directory", ["sbin", "usr/sbin"])
def test_what_was_diverted_outlives_an_update_and_comes_back(tmp_path, directory):
    """On a machine whose /sbin and database of packages are those of the test."""
    sbin, database = tmp_path / "sbin", tmp_path / "dpkg"
    sbin.mkdir()
    for name in NEEDED:
        shutil.copy(shutil.which(name, path="/usr/sbin:/sbin"), sbin)
    for name in ("info", "updates", "triggers"):
        (database / name).mkdir(parents=True)
    (database / "status").touch()
    old, new = (package(tmp_path, version, directory) for version in ("1", "2"))
    switch, back = blocks("### So that updates leave it alone")
    script = f"""
    mount --bind {sbin} /usr/sbin; mount --bind {database} /var/lib/dpkg
    show() {{ for name in {" ".join(NAMES)}; do readlink /sbin/$name || cat /sbin/$name; done >{tmp_path}/$1; }}
    dpkg -i {old}; show 1
    {switch}
    show 2; dpkg -i {new}; show 3
    {back}
    show 4
    """
    alone = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-euc", script]
    done = subprocess.run(alone, capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    shown = [(tmp_path / str(step)).read_text().splitlines() for step in range(1, 5)]
    assert shown[0] == [f"{name} 1" for name in NAMES]
    assert shown[1] == shown[2] == [OURS] * len(NAMES)
    assert shown[3] == [f"{name} 2" for name in NAMES]
    assert sorted(path.name for path in sbin.iterdir()) == sorted([*NAMES, *NEEDED])
