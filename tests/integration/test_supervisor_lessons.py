"""What hurt the users of other supervisors, and must not hurt ours: end to end, as an admin sees it."""

import os
import signal
import subprocess

import pytest

from supervised import DEADLINE, SUPERVISOR, Client, Supervised, eventually
from svctl_runner import SVCTL, environment, svctl

SLEEP = "exec sleep 100000"
# Starts again after an hour: whoever runs earlier was told to.
PATIENT = "restart-delay = 1h\nrestart-delay-max = 1h\n"
ORDINARY_USER = 1000


@pytest.fixture
def s():
    with Supervised() as supervised:
        yield supervised


def run(s, *words):
    return svctl(*words, control=s.socket)


def add(s, name, conf, text=SLEEP, **files):
    s.define(name, text, **files)
    (s.definitions / name / "service.conf").write_text(conf)
    s.enable(name)


def counted(s, text=SLEEP):
    """A run script that leaves a line for each of its starts in the file `starts`."""
    return f"echo started >> {s.top}/starts\n{text}"


def starts(s):
    return s.read("starts").count("started")


def until_file(path):
    return f"while [ ! -e {path} ]; do sleep 0.02; done"


def let_others_run(s):
    """What was still to come of other services has had its turn before this one is ready."""
    s.define("later", SLEEP)
    s.enable("later")
    s.wait_state("later", "ready")


# --- a root that cannot be written to, and a user that is not root


ENTER_READ_ONLY = """
while read -r _ point _; do
    mount -o remount,bind,ro "$point" 2>/dev/null || true
done </proc/self/mounts
user=$1
mount -t tmpfs -o "noexec,nosuid,mode=0755,uid=$user" run "$2"
shift 2
exec setpriv --reuid "$user" --regid "$user" --clear-groups "$@"
"""


class ReadOnly(Supervised):
    """In a mount namespace where all is read-only, but a tmpfs for the socket: noexec, as /run is
    in many containers. The supervisor is an ordinary user."""

    def __init__(self):
        super().__init__()
        self.top.chmod(0o755)
        (self.top / "run").mkdir()
        self.socket = self.top / "run/mainstay/control"

    def start(self):
        enter = ["sh", "-euc", ENTER_READ_ONLY, "enter", str(ORDINARY_USER), self.top / "run"]
        program = [SUPERVISOR, "--control", self.socket, self.enabled]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                ["unshare", "--mount", *enter, *program],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        eventually(self._answers, "the supervisor answers")

    def client(self):
        """The tmpfs is only in there."""
        return Client(f"/proc/{self.process.pid}/root{self.socket}")

    def inside(self, *command):
        subprocess.run(
            ["nsenter", "--mount", "--target", str(self.process.pid), *map(str, command)], check=True
        )


@pytest.fixture
def read_only():
    if os.geteuid() != 0:
        pytest.skip("mount namespaces need root")
    with ReadOnly() as supervised:
        yield supervised


def test_a_read_only_root_and_an_ordinary_user_are_enough(read_only):
    s = read_only
    s.add(
        "web",
        f'id -u\nfor place in {s.top} .; do touch "$place/new" 2>/dev/null || echo read-only; done\n'
        + SLEEP,
    )
    s.start()
    before = s.wait_state("web", "ready")["pid"]
    said = [str(ORDINARY_USER), "read-only", "read-only"]
    eventually(lambda: s.status("web").get("log") == said, "it is that user, and cannot write")
    os.kill(before, signal.SIGKILL)
    s.wait_other_pid("web", before)
    assert s.ask(verb="restart", services=["web"]).exit == 0
    assert s.ask(verb="down", services=["web"]).services["web"]["state"] == "down"
    assert s.stop() == 0


def test_a_socket_that_a_later_mount_hides_is_made_again(read_only):
    s = read_only
    s.start()
    with s.client() as before:
        s.inside("mount", "-t", "tmpfs", "-o", f"uid={ORDINARY_USER}", "later", s.top / "run")
        eventually(s._answers, "it answers again")
        assert before.ask(verb="list").exit == 0


class OfAUser(Supervised):
    """Started from a user's session: the socket is where the session has its files."""

    def __init__(self):
        super().__init__()
        self.top.chmod(0o755)
        self.session = self.top / "session"
        self.session.mkdir()
        os.chown(self.session, ORDINARY_USER, ORDINARY_USER)
        self.socket = self.session / "mainstay/control"

    def run(self, *command):
        user = ["setpriv", "--reuid", str(ORDINARY_USER), "--regid", str(ORDINARY_USER), "--clear-groups"]
        session = environment(XDG_RUNTIME_DIR=str(self.session), OF_THE_SESSION="yes")
        return [*user, *command], session

    def start(self):
        command, session = self.run(SUPERVISOR, self.enabled)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                command, env=session, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        eventually(self._answers, "the supervisor answers")

    def svctl(self, *words):
        command, session = self.run(SVCTL, *words)
        return subprocess.run(command, env=session, capture_output=True, text=True, timeout=DEADLINE)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_an_ordinary_user_has_services_with_the_users_environment():
    with OfAUser() as s:
        s.add("agent", f'echo "$OF_THE_SESSION $XDG_RUNTIME_DIR"\n{SLEEP}')
        s.start()
        s.wait_state("agent", "ready")
        said = f"yes {s.session}\n"
        eventually(lambda: s.svctl("log", "agent").stdout == said, "it has the session's environment")
        # Nobody was told where the socket is.
        assert s.svctl("restart", "agent").returncode == 0


# --- waiting


def test_wait_waits_for_what_its_option_says(s):
    go = s.top / "go"
    add(s, "slow", "ready = fd 3\n", f"{until_file(go)}\necho >&3\n{SLEEP}")
    s.start()
    assert run(s, "wait", "--up", "slow").returncode == 0
    s.wait_state("slow", "up")
    assert run(s, "wait", "--ready", "--timeout", "100ms", "slow").returncode == 6
    assert run(s, "wait", "--boot", "--timeout", "100ms").returncode == 6
    waiting = {
        goal: subprocess.Popen(
            [SVCTL, "--control", s.socket, "wait", *goal], env=environment(), stdout=subprocess.PIPE
        )
        for goal in [("slow",), ("--ready", "slow"), ("--boot",)]
    }
    assert [process.poll() for process in waiting.values()] == [None] * 3
    go.touch()
    for goal, process in waiting.items():
        process.communicate(timeout=DEADLINE)
        assert process.returncode == 0, goal
    assert s.status("slow")["state"] == "ready"
    assert run(s, "wait", "--down", "--timeout", "100ms", "slow").returncode == 6
    assert run(s, "down", "slow").returncode == 0
    assert run(s, "wait", "--down", "slow").returncode == 0


def test_wait_ends_when_what_is_waited_for_cannot_come(s):
    add(s, "broken", "ready = fd 3\npermanent-failure-status = 1\n", "exit 1")
    s.start()
    assert run(s, "wait", "--ready", "broken").returncode == 1


# --- verbs act from every state, and what was stopped stays so


def test_what_is_removed_is_not_started_again(s):
    directory = s.define("web", counted(s))
    s.start()
    assert run(s, "add", str(directory)).returncode == 0
    s.wait_text("starts", "\n")
    assert run(s, "remove", "web").returncode == 0
    eventually(lambda: "web" not in s.known(), "it is forgotten")
    let_others_run(s)
    assert s.processes() == [s.pid("later")]
    assert starts(s) == 1


def test_what_is_removed_while_it_waits_for_its_restart_is_not_started_again(s):
    directory = s.define("web", counted(s, "exit 1"))
    (directory / "service.conf").write_text(PATIENT)
    s.start()
    run(s, "add", str(directory))
    s.wait_state("web", "backoff")
    before = starts(s)
    assert run(s, "remove", "web").returncode == 0
    eventually(lambda: "web" not in s.known(), "it is forgotten")
    let_others_run(s)
    assert starts(s) == before


@pytest.mark.parametrize(
    "state, conf",
    [("backoff", PATIENT), ("failed", "permanent-failure-status = 1\n"), ("done", "restart = never\n")],
)
def test_restart_acts_on_a_service_that_is_not_running(s, state, conf):
    mended = s.top / "mended"
    code = 0 if state == "done" else 1
    add(s, "web", conf, f"[ -e {mended} ] || exit {code}\n{SLEEP}")
    s.start()
    s.wait_state("web", state)
    mended.touch()
    result = run(s, "restart", "web")
    assert result.returncode == 0, result.stderr
    assert s.status("web")["state"] == "ready"


def test_restart_acts_on_a_service_that_is_down(s):
    s.add("web", SLEEP, down="")
    s.start()
    assert run(s, "restart", "web").returncode == 0
    assert s.status("web")["state"] == "ready"


def test_a_service_that_fails_while_it_is_stopped_stays_down(s):
    s.add(
        "web",
        counted(s, f"trap 'exit 1' TERM\necho > {s.top}/set\nwhile :; do sleep 0.02; done"),
        finish="exit 1",
    )
    s.start()
    s.wait_text("set", "\n")
    assert run(s, "down", "web").returncode == 0
    let_others_run(s)
    assert s.status("web")["state"] == "down"
    assert starts(s) == 1


def test_nothing_is_started_again_while_the_supervisor_stops(s):
    release = s.top / "release"
    s.add("web", counted(s, f"trap 'exit 1' TERM\necho > {s.top}/set\nwhile :; do sleep 0.02; done"))
    s.add("stubborn", f"trap '' TERM\necho > {s.top}/deaf\n{until_file(release)}", timeout__kill="600000")
    s.start()
    s.wait_text("set", "\n")
    s.wait_text("deaf", "\n")
    with s.client() as client:
        s.process.send_signal(signal.SIGTERM)

        def view():
            return client.ask(verb="status", services=["web"]).services["web"]

        eventually(lambda: view()["state"] == "down", "web is down")
        answer = client.ask(verb="up", services=["web"])
        assert answer.exit != 0
        assert view()["state"] == "down"
    release.touch()
    assert s.process.wait(DEADLINE) == 0
    assert starts(s) == 1


# --- starts


def test_a_start_that_hangs_keeps_nobody_from_starting(s):
    add(s, "hung", "ready = fd 3\nstart-timeout = infinity\n")
    s.add("login", SLEEP)
    add(s, "web", "after = login\n")
    s.start()
    s.wait_state("login", "ready")
    s.wait_state("web", "ready")
    s.wait_state("hung", "up")
    # And it can be stopped all the same.
    assert s.stop() == 0


def test_boot_goes_on_when_the_time_for_a_start_is_over(s):
    add(s, "hung", PATIENT + "ready = fd 3\nstart-timeout = 300ms\n")
    add(s, "web", "after = hung\n")
    s.start()
    assert run(s, "wait", "--boot").returncode == 0
    s.wait_state("web", "ready")
    s.wait_state("hung", "backoff")


def test_services_start_side_by_side(s):
    """Each is ready when all have started: one after the other none would ever be."""
    count = 20
    together = s.top / "together"
    together.mkdir()
    for i in range(count):
        add(
            s,
            f"s{i}",
            "ready = fd 3\nstart-timeout = infinity\n",
            f"touch {together}/{i}\n"
            f"while [ $(ls {together} | wc -l) -lt {count} ]; do sleep 0.05; done\necho >&3\n{SLEEP}",
        )
    s.start()
    assert run(s, "wait", "--ready", *(f"s{i}" for i in range(count))).returncode == 0


# --- relations and failures


def test_of_two_in_conflict_the_last_one_asked_for_runs(s):
    for name, conf in [("pulse", ""), ("pipewire", "conflicts = pulse\n")]:
        text = (
            f"trap 'echo {name} ends >> {s.top}/order; exit 0' TERM\n"
            f"echo {name} starts >> {s.top}/order\nwhile :; do sleep 0.02; done"
        )
        add(s, name, conf, text, down="")
    s.start()
    for name, other in [("pulse", "pipewire"), ("pipewire", "pulse"), ("pulse", "pipewire")]:
        assert run(s, "up", name).returncode == 0
        eventually(lambda: f"{name} starts" in s.read("order").splitlines()[-1:], f"{name} runs")
        view = s.status(other)
        assert (view["state"], view["wanted"]) == ("down", "down")
    assert s.read("order").splitlines() == [
        "pulse starts",
        "pulse ends",
        "pipewire starts",
        "pipewire ends",
        "pulse starts",
    ]


def test_a_failure_that_nobody_watches_is_acted_on(s):
    s.script(s.top / "setup", f'echo "$@" >> {s.top}/alerts')
    add(
        s,
        "web",
        f"permanent-failure-status = 9\non-failure-action = exec {s.top}/setup %n\n",
        "exit 9",
    )
    s.add("other", SLEEP)
    s.start()
    assert s.wait_text("alerts", "\n") == "web\n"
    assert s.wait_state("web", "failed")
    s.wait_state("other", "ready")


def test_a_failure_can_end_the_supervisor_with_the_services_exit_code(s):
    go = s.top / "go"
    add(
        s,
        "web",
        "permanent-failure-status = 9\non-failure-action = exit\n",
        f"{until_file(go)}\nexit 9",
    )
    s.add("other", SLEEP)
    s.start()
    s.wait_state("other", "ready")
    go.touch()
    assert s.process.wait(DEADLINE) == 9


# --- what all services have, and what a service's own program forgets


def test_restarts_are_chosen_once_for_all_services(s):
    """chimera-linux/cports#6009, davmac314/dinit#564"""
    defaults = s.definitions / "defaults.conf"
    defaults.write_text("restart = on-failure\n")
    add(s, "works", "", counted(s, "exit 0"))
    add(s, "comes-back", "restart = always\n" + PATIENT, "exit 0")
    s.start()
    assert s.wait_state("works", "done")["last_death"]["lived_ms"] < 1000 * DEADLINE
    assert s.wait_state("comes-back", "backoff")
    assert starts(s) == 1
    # Read again as any definition; a mistake in it is told, and keeps nobody down.
    defaults.write_text("restart = onfailure\n")
    assert run(s, "rescan").returncode == 0
    s.wait_message(f"{defaults}:1:11: restart: 'onfailure' is not")
    assert run(s, "status", "works").returncode in (0, 3)


ZOMBIES = """
import os, signal, time
for _ in range(3):
    if os.fork() == 0:
        os._exit(0)
for _ in range(3):
    os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
open({ready!r}, "w").close()
signal.pause()
"""


def test_whoever_does_not_wait_for_its_children_is_named(s):
    """krallin/tini#138: zombies under a parent that lives are not init's."""
    ready = s.top / "ready"
    program = s.top / "negligent.py"
    program.write_text(ZOMBIES.format(ready=str(ready)))
    s.add("web", f"exec /usr/bin/python3 {program}")
    s.add("good", SLEEP)
    s.start()
    eventually(ready.exists, "the service has forked")
    pid = s.status("web")["pid"]
    line = f"  zombies:  3 processes ended and not waited for by pid {pid}\n"
    eventually(lambda: line in run(s, "status", "web").stdout, "the third has ended, too")
    assert "zombies" not in run(s, "status", "good").stdout
