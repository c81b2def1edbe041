"""Our init in a container of plain runc, without a manager above it: start, exec, stop, with and without the
right to call reboot(2), on a read-only root, as any user."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from namespace import DEADLINE, Transcript, eventually, stage_system

# That reboot(2) ends a pid namespace looks as if this signal had ended its init.
KILLED_BY_INT = 130
ENDED_BY_TERM = 143
SERVICES = "::supervise:/sbin/supervisor /etc/service\n"
WEB = {"/etc/service/web/run": "#!/bin/sh\nexec sleep 8888\n"}
OBEYS = ["sh", "-c", "trap 'exit 3' TERM; echo up; while :; do sleep 0.1; done"]


def why_not():
    if shutil.which("runc") is None:
        return "not installed: runc"
    return "this needs root" if os.geteuid() != 0 else ""


pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())


class Container:
    """A bundle of our own system, and what runc does with it."""

    def __init__(self, argv, *, inittab=None, files=None, capabilities=(), user=0, readonly=False):
        self._place = pathlib.Path(tempfile.mkdtemp(prefix="mainstay-runc-"))
        stage_system(self._place / "rootfs", inittab, files or {})
        self._name = self._place.name
        self._process = None
        subprocess.run(["runc", "spec", "--bundle", self._place], check=True)
        config = json.loads((self._place / "config.json").read_text())
        process = config["process"]
        process |= {"terminal": False, "args": argv, "user": {"uid": user, "gid": user}}
        process["env"] = ["PATH=/sbin:/usr/sbin:/bin:/usr/bin", "container=runc"]
        usual = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE", "CAP_CHOWN", "CAP_FOWNER", *capabilities]
        for kind in ("bounding", "effective", "permitted"):
            process["capabilities"][kind] = usual if user == 0 else []
        process.pop("rlimits", None)
        config["root"]["readonly"] = readonly
        config["mounts"].append(
            {
                "destination": "/run",
                "type": "tmpfs",
                "source": "tmpfs",
                "options": ["nosuid", "mode=755", f"uid={user}", f"gid={user}"],
            }
        )
        (self._place / "config.json").write_text(json.dumps(config))

    def _runc(self, *words):
        return ["runc", "--root", str(self._place / "state"), *words]

    def __enter__(self):
        ours, theirs = os.pipe()
        self._process = subprocess.Popen(
            self._runc("run", "--bundle", str(self._place), self._name),
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        self._pipe = ours
        self._transcript = Transcript(ours)
        return self

    def __exit__(self, *_):
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(self._runc("delete", "--force", self._name), capture_output=True, timeout=DEADLINE)
        self._process.wait(DEADLINE)
        self._transcript.join()
        os.close(self._pipe)
        shutil.rmtree(self._place)

    def wait_for(self, pattern):
        return self._transcript.wait_for(pattern, DEADLINE)

    def exec(self, *words, codes=(0,)):
        done = subprocess.run(
            self._runc("exec", self._name, *words), capture_output=True, text=True, timeout=DEADLINE
        )
        assert done.returncode in codes, done.stdout + done.stderr
        return done.stdout

    def kill(self, signal):
        subprocess.run(self._runc("kill", self._name, signal), check=True, timeout=DEADLINE)

    def exit_code(self):
        return self._process.wait(DEADLINE)


@pytest.mark.parametrize(
    "how, code",
    [
        ({}, 0),
        ({"capabilities": ["CAP_SYS_BOOT"]}, KILLED_BY_INT),
        ({"readonly": True}, 0),
        ({"user": 1000}, 0),
        ({"user": 1000, "readonly": True}, 0),
    ],
    ids=["usual", "SYS_BOOT", "read-only", "any user", "any user, read-only"],
)
def test_a_system_starts_is_entered_and_stopped(how, code):
    ready = "::once:/bin/sh -c 'svctl wait --boot >/dev/null; echo services are up'\n"
    with Container(["/sbin/init"], inittab=SERVICES + ready, files=WEB, **how) as box:
        box.wait_for("^services are up$")
        assert box.exec("cat", "/proc/1/comm") == "init\n"
        assert box.exec("id", "-u").strip() == str(how.get("user", 0))
        assert "web" in box.exec("svctl", "list")
        # What is up may still be the shell that becomes it.
        first = eventually(lambda: box.exec("pidof", "sleep", codes=(0, 1)), "the service runs")
        box.exec("svctl", "restart", "web")
        eventually(lambda: box.exec("pidof", "sleep", codes=(0, 1)) not in ("", first), "it runs anew")
        if how.get("readonly"):
            box.exec("touch", "/x", codes=(1,))
        box.kill("TERM")
        box.wait_for("the system goes down: poweroff")
        assert box.exit_code() == code


def test_a_reboot_without_the_right_to_it_ends_the_container():
    with Container(["/sbin/init"], inittab="::once:/bin/echo system is up\n") as box:
        box.wait_for("^system is up$")
        # It may be ended by what it asked for, before it ends by itself.
        box.exec("reboot", codes=(0, ENDED_BY_TERM))
        box.wait_for("the system goes down: reboot")
        assert box.exit_code() == 0


@pytest.mark.parametrize(
    "how", [{}, {"readonly": True}, {"user": 1000, "readonly": True}], ids=["usual", "read-only", "any user"]
)
def test_a_command_is_started_entered_and_stopped(how):
    with Container(["/sbin/init", "--", *OBEYS], **how) as box:
        box.wait_for("^up$")
        assert box.exec("id", "-u").strip() == str(how.get("user", 0))
        box.kill("TERM")
        assert box.exit_code() == 3
