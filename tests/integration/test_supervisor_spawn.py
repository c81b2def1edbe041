"""What service.conf says of a process, as the process finds it; and starts that come to nothing."""

import contextlib
import os
import pathlib
import pty
import resource
import signal
import stat
import tempfile

import pytest

import namespace
from supervised import Supervised, eventually, wait_open_for_runit

SLEEP = "exec sleep 100000"

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="takes root")


@pytest.fixture
def s():
    with Supervised() as supervised:
        supervised.top.chmod(0o755)
        yield supervised


def configure(s, name, conf, run=SLEEP):
    s.add(name, run, **{"service.conf": conf})


def lines_of(s, name, conf, script, count):
    """Starts a service with that conf, which prints and stays; what it printed."""
    configure(s, name, conf, f"{script}\n{SLEEP}")
    s.start()
    s.wait_state(name, "ready")
    return eventually(
        lambda: (lines := s.status(name).get("log", [])) and len(lines) >= count and lines,
        f"{count} lines from {name}",
    )


def failure_of(s, name):
    failure = s.wait_state(name, "backoff")["exec_failure"]
    return f"{failure['stage']} {failure.get('path', '')}: {failure['error']}"


# --- who it is


@needs_root
def test_user_group_and_variables(s):
    conf = "user = nobody\nsupplementary-groups = adm 4711\nenvironment = MODE=fast HOME=/elsewhere"
    shown = lines_of(s, "web", conf, "id -un; id -G; echo $MODE $HOME $USER $LOGNAME", 3)
    group = str(os.popen("id -g nobody").read().strip())
    assert shown == ["nobody", f"{group} 4 4711", "fast /elsewhere nobody nobody"]


@needs_root
def test_finish_and_run_are_the_same_user(s):
    s.add(
        "web",
        f"[ -e {s.top}/go ] && {SLEEP}; exit 1",
        finish="id -u; touch \"$STAMP\"",
        **{"service.conf": f"user = 12345\nenvironment = STAMP={s.top}/open/stamp"},
    )
    (s.top / "open").mkdir(mode=0o777)
    (s.top / "open").chmod(0o777)
    s.start()
    eventually((s.top / "open/stamp").exists, "finish has run")
    assert (s.top / "open/stamp").stat().st_uid == 12345
    s.ask(verb="down", services=["web"])


@pytest.mark.parametrize(
    "conf, error",
    [
        ("user = nobodi", "user nobodi: not in /etc/passwd; is it nobody?"),
        ("group = audoi", "group audoi: not in /etc/group; is it audio?"),
    ],
    ids=["user", "group"],
)
def test_an_unknown_user_is_named_and_nothing_else_is_affected(s, conf, error):
    configure(s, "web", conf)
    s.add("other", SLEEP)
    s.start()
    assert failure_of(s, "web") == error
    assert f"web: {error}; next start in" in s.messages()
    s.wait_state("other", "ready")


@needs_root
def test_rights(s):
    conf = (
        "user = nobody\ncapability-bounding-set = cap_net_bind_service cap_kill\n"
        "ambient-capabilities = cap_net_bind_service\nno-new-privileges = yes"
    )
    shown = lines_of(s, "web", conf, "grep -E '^(Cap|NoNew)' /proc/self/status", 6)
    assert [line.split() for line in shown] == [
        ["CapInh:", "0000000000000400"],
        ["CapPrm:", "0000000000000400"],
        ["CapEff:", "0000000000000400"],
        ["CapBnd:", "0000000000000420"],
        ["CapAmb:", "0000000000000400"],
        ["NoNewPrivs:", "1"],
    ]


@needs_root
def test_a_service_of_another_user_goes_on_when_its_supervisor_dies(s):
    configure(s, "web", "user = nobody")
    s.start()
    pid = s.wait_state("web", "ready")["pid"]
    s.process.send_signal(signal.SIGKILL)
    s.process.wait()
    s.start()
    assert s.wait_state("web", "ready")["pid"] == pid


# --- what it may


def test_limits_nice_umask_and_cpus(s):
    conf = (
        "limit-nofile = 100:200\nlimit-core = 0\nnice = 5\numask = 027\n"
        "cpu-affinity = 0\nionice = idle\noom-score-adj = 500"
    )
    script = (
        "ulimit -n; ulimit -Hn; ulimit -c; nice; umask\n"
        "sed -n 's/^Cpus_allowed_list:.//p' /proc/self/status; cat /proc/self/oom_score_adj; ionice"
    )
    own = pathlib.Path("/proc/self/oom_score_adj").read_text()
    shown = lines_of(s, "web", conf, script, 8)
    assert shown == ["100", "200", "0", "5", "0027", "0", "500", "idle"]
    # The score is the service's alone: what shares memory would share it.
    ours = pathlib.Path(f"/proc/{s.process.pid}/oom_score_adj").read_text().strip()
    assert ours in (own.strip(), "-900")


def test_the_supervisors_limit_is_not_its_services(s):
    """It raises its own limit of descriptors; a service has what the supervisor was started with."""
    s.add("web", "ulimit -n; " + SLEEP)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, before[1]))
    try:
        s.start()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    eventually(lambda: s.status("web").get("log") == ["1024"], "its limit is shown")
    ours = resource.prlimit(s.process.pid, resource.RLIMIT_NOFILE)
    assert ours[0] >= before[1]


def test_a_start_without_descriptors_is_named_and_tried_again(s):
    """One number is free, and that of its own pidfd; the pipe that tells of its exec takes both."""
    s.add("web", SLEEP)
    s.start()
    pid = s.wait_state("web", "ready")["pid"]
    descriptors = pathlib.Path(f"/proc/{s.process.pid}/fd")

    def sockets():
        found = []
        for fd in descriptors.iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed in this moment
                found.append(os.readlink(fd))
        return [name for name in found if name.startswith("socket:")]

    wait_open_for_runit([s.definitions / "web"])
    s.wait_for_svlog()
    with s.client() as client:
        client.ask(verb="list")
        # The one that it listens on, that to svlog, and ours.
        eventually(lambda: len(sockets()) == 3, "it listens, and talks to nobody but us")
        used = {int(fd.name) for fd in descriptors.iterdir()}
        free = sorted(set(range(max(used) + 8)) - used)
        before = resource.prlimit(s.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(s.process.pid, resource.RLIMIT_NOFILE, (free[1], before[1]))
        os.kill(pid, signal.SIGKILL)
        s.wait_message("Too many open files")
        resource.prlimit(s.process.pid, resource.RLIMIT_NOFILE, before)
    s.wait_other_pid("web", pid)


def test_five_thousand_services_with_1024_descriptors(monkeypatch):
    """As many run as there are numbers for. The others are named, once each, and tried again."""
    count = 5000
    # A disk takes half a minute for so many links. Nothing can be executed from there.
    monkeypatch.setattr(tempfile, "tempdir", "/dev/shm")
    with Supervised(enter=["sh", "-c", 'ulimit -n 1024 && exec "$@"', "sh"]) as s:
        directory = s.define("many", **{"service.conf": "exec = sleep 100000"})
        for i in range(count):
            (s.enabled / f"many{i:04}").symlink_to(directory)
        s.start()

        def tried():
            services = s.ask(verb="list").services
            settled = all(view["state"] in ("ready", "backoff") for view in services.values())
            return services if settled and len(services) == count else None

        services = eventually(tried, "all have been tried")
        running = {name: view["pid"] for name, view in services.items() if view["state"] == "ready"}
        assert 100 < len(running) < 1024
        # A few find a number that was free for a moment when they are tried again.
        lost = [name for name in services if name not in running][-20:]
        too_few = "Too many open files; the supervisor needs a higher limit (RLIMIT_NOFILE) than 1024"

        def one_of_them(is_so):
            return next((name for name in lost if is_so(s.status(name))), None)

        eventually(lambda: one_of_them(lambda view: view.get("exec_failure", {}).get("error") == too_few), "it is told why")
        eventually(lambda: one_of_them(lambda view: view["restarts"] >= 3), "it is tried again")
        said = [line.split(": ")[1] for line in s.messages().splitlines() if too_few in line]
        assert set(lost) & set(said) and len(said) == len(set(said))
        # Who runs notices nothing, and whoever is told to still stops.
        some = list(running)[0]
        assert s.ask(verb="down", services=[some]).exit == 0
        services = s.ask(verb="list").services
        still = {name: services[name].get("pid") for name in running if name != some}
        assert still == {name: pid for name, pid in running.items() if name != some}
        assert s.stop() == 0


def test_a_limit_that_may_not_be_raised_is_named(s):
    """As another user, who may not raise what is the hard limit."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    configure(s, "web", f"limit-core = 0:0\nlimit-nofile = {most + 10**9}")
    s.start()
    assert failure_of(s, "web").startswith("limit nofile: ")


# --- where it is


@needs_root
def test_chroot_and_directory(s):
    root = s.top / "root"
    (root / "srv").mkdir(parents=True)
    (root / "sh").write_bytes(namespace.BUSYBOX.read_bytes())
    (root / "sh").chmod(0o755)
    (root / "sleep").hardlink_to(root / "sh")
    command = "exec = /sh -c 'pwd; echo /*; exec /sleep 100000'"
    s.define("web", **{"service.conf": f"{command}\nchroot = {root}\ndirectory = /srv"})
    s.enable("web")
    s.start()
    eventually(lambda: s.status("web").get("log") == ["/srv", "/sh /sleep /srv"], "its root is shown")


def test_directory_leaves_run_where_it_is(s):
    assert lines_of(s, "web", "directory = /usr", "pwd -P", 1) == ["/usr"]


def test_a_missing_directory_is_named(s):
    configure(s, "web", "directory = /no/such")
    s.start()
    assert failure_of(s, "web") == "chdir /no/such: No such file or directory"


def test_environment_comes_from_file_and_conf(s):
    (s.top / "settings").write_text("MODE=file\nLEVEL=1\n")
    conf = f"env-file = {s.top}/settings\nenvironment = LEVEL=2"
    assert lines_of(s, "web", conf, "echo $MODE $LEVEL", 1) == ["file 2"]


def test_a_missing_environment_file_is_named_unless_it_may_be_missing(s):
    configure(s, "web", f"env-file = {s.top}/none")
    configure(s, "other", f"env-file = -{s.top}/none")
    s.start()
    assert failure_of(s, "web") == f"env-file {s.top}/none: No such file or directory"
    s.wait_state("other", "ready")


# --- where its streams lead


def test_streams_lead_to_files(s):
    (s.top / "in").write_text("given\n")
    (s.top / "out").write_text("before\n")
    conf = (
        f"stdin = file:{s.top}/in\nstdout = append:{s.top}/out\nstderr = file:{s.top}/err"
    )
    configure(s, "web", conf, "cat; echo oops >&2; " + SLEEP)
    s.start()
    s.wait_text("err", "oops\n")
    assert s.read("out") == "before\ngiven\n"
    assert stat.S_IMODE((s.top / "err").stat().st_mode) == 0o644


def test_a_terminal_is_its_own(s):
    ours, theirs = pty.openpty()
    name = os.ttyname(theirs)
    configure(s, "web", f"tty = {name}", "tty; read -r line </dev/tty; echo got $line; " + SLEEP)
    s.start()
    pid = s.wait_state("web", "ready")["pid"]
    os.write(ours, b"hello\n")
    shown = b""
    while b"got hello" not in shown:
        shown += os.read(ours, 1024)
    assert name.encode() in shown
    tty_number = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[4]
    assert int(tty_number) == os.fstat(theirs).st_rdev
    s.ask(verb="down", services=["web"])
    os.close(theirs)
    os.close(ours)


def test_a_start_that_hangs_stops_nobody(s):
    """Its standard input is a fifo that nobody opens for writing: open(2) waits in the child."""
    os.mkfifo(s.top / "fifo")
    configure(s, "web", f"stdin = file:{s.top}/fifo", "cat; " + SLEEP)
    s.add("other", SLEEP)
    s.start()
    s.wait_state("other", "ready")
    view = s.status("web")
    assert view["state"] == "starting"
    os.kill(s.pid("other"), signal.SIGKILL)
    eventually(lambda: s.status("other").get("restarts") == 1, "the other is restarted")
    with open(s.top / "fifo", "w"):
        s.wait_state("web", "ready")


def test_a_start_that_hangs_can_be_stopped(s):
    os.mkfifo(s.top / "fifo")
    configure(s, "web", f"stdin = file:{s.top}/fifo\nstop-timeout = 100ms")
    s.start()
    assert s.status("web")["state"] == "starting"
    assert s.ask(verb="down", services=["web"]).exit == 0


# --- programs


def test_a_command_is_looked_for_in_the_path_of_the_service(s):
    tools = s.top / "tools"
    tools.mkdir()
    s.script(tools / "my-own-tool", "echo found \"$1\"; " + SLEEP)
    path = f"environment = PATH={tools}:/usr/bin:/bin"
    s.define("web", **{"service.conf": f"exec = my-own-tool 'a b'\n{path}"})
    s.enable("web")
    s.define("lost", **{"service.conf": "exec = my-own-tool"})
    s.enable("lost")
    s.start()
    eventually(lambda: s.status("web").get("log") == ["found a b"], "it is found")
    assert failure_of(s, "lost") == "exec my-own-tool: not found in PATH"


def test_an_instance_of_a_template_knows_which_it_is(s):
    template = s.define("greet@", **{"service.conf": f"exec = {s.top}/greet %i '%n 100%%'\n"})
    s.script(s.top / "greet", f'echo "$INSTANCE:$(printf " <%s>" "$@")"\n{SLEEP}')
    for name in ("greet@tty1", "greet@a b"):
        s.enable(name, template)
    s.start()
    eventually(lambda: s.status("greet@tty1").get("log") == ["tty1: <tty1> <greet@tty1 100%>"], "it says so")
    # One word whatever is in it.
    eventually(lambda: s.status("greet@a b").get("log") == ["a b: <a b> <greet@a b 100%>"], "and the other")
    assert s.pid("greet@tty1") != s.pid("greet@a b")


@pytest.mark.parametrize(
    "text, reason",
    [
        ("#!/bin/bsh -e\n", "its interpreter /bin/bsh does not exist"),
        ("#!/bin/sh\r\n", "its first line ends in a carriage return; save it with Unix line ends"),
        ("echo hello\n", "is neither a program for this machine nor a script that begins with #!"),
        ("", "is empty"),
    ],
    ids=["interpreter", "carriage return", "no #!", "empty"],
)
def test_what_is_wrong_with_run_is_said(s, text, reason):
    directory = s.define("web")
    (directory / "run").write_text(text)
    (directory / "run").chmod(0o755)
    s.enable("web")
    s.start()
    assert failure_of(s, "web") == f"exec {s.enabled}/web/run: {reason}"
