"""runsvdir and runsv beside Debian's on equal directories: the same words, states and ends."""

import concurrent.futures
import dataclasses
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile

import pytest

from runit_tree import LONG, OURS, PEERS, REAL, REAL_SV, Said, fetch_peers, write_service
from supervised import DEADLINE, SUPERVISOR, eventually, is_open_for_runit

# Says who it is on both streams, notes how it was born, and ends by TERM.
SERVICE = """#!/usr/bin/python3 -ISB
import json, os, signal, sys
name = os.path.basename(os.getcwd())
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
os.write(1, b"out of %s\\n" % name.encode())
os.write(2, b"error of %s\\n" % name.encode())
streams = [os.readlink(f"/proc/self/fd/{fd}") for fd in range(3)]
mask = os.umask(0)
born = {"streams": streams, "umask": mask, "environment": dict(os.environ), "session": os.getsid(0)}
with open("born.new", "w") as file:
    json.dump(born, file)
os.rename("born.new", "born")
signal.sigwait({signal.SIGTERM})
os.write(1, b"last of %s\\n" % name.encode())
sys.exit(3)
"""
LOGGER = "#!/bin/sh\necho the logger >&2\nexec cat >>../written\n"
FINISH = '#!/bin/sh\necho "$1 $2" >>finished\n'


@pytest.fixture(scope="module", autouse=True)
def peers():
    fetch_peers()


BOTH, ALONE = [], []


def side_by_side(scenario):
    BOTH.append(scenario)
    return scenario


def ours(scenario):
    ALONE.append(scenario)
    return scenario


@pytest.fixture(scope="module")
def outcomes(peers):
    """What a scenario returns with Debian's programs and with ours: the same."""

    def under(kind, scenario):
        with Place(kind) as place:
            return scenario(place)

    kinds = {**{each: (REAL, OURS) for each in BOTH}, **{each: (OURS,) for each in ALONE}}
    # All at the same time: they mostly sleep, runsv a second wherever it can.
    with concurrent.futures.ThreadPoolExecutor(2 * len(kinds)) as pool:
        done = {each: [pool.submit(under, kind, each) for kind in kinds[each]] for each in kinds}

    def same(scenario):
        first, *others = (future.result() for future in done[scenario])
        assert all(other == first for other in others), (first, others)
        return first

    return same


class Place:
    """A directory of services, and whoever supervises them there."""

    def __init__(self, kind):
        self.kind = kind
        self.top = pathlib.Path(tempfile.mkdtemp(prefix="runsvdir-"))
        self.programs = self.top / "bin"
        self.services = self.top / "sv"
        self.said = self.top / "said"
        self._started = []
        for directory in (self.programs, self.services):
            directory.mkdir()
        for name in ("runsvdir", "runsv"):
            (self.programs / name).symlink_to(PEERS / name if kind == REAL else SUPERVISOR)
        self.environment = {"PATH": f"{self.programs}:/usr/bin:/bin", "PLACE": str(self.top)}

    def add(self, name, run=SERVICE, **files):
        """Appears whole, as a service that is moved into place."""
        new = self.top / "new"
        new.mkdir()
        write_service(new, {"run": run, **files})
        new.rename(self.services / name)

    def popen(self, *words, **options):
        options = {"stdout": subprocess.DEVNULL, "env": self.environment, "cwd": self.top, **options}
        with open(self.said, "ab") as said, open(os.devnull, "rb") as nothing:
            process = subprocess.Popen(
                words,
                executable=options.pop("executable", self.programs / words[0]),
                stdin=nothing,
                stderr=options.pop("stderr", said),
                **options,
            )
        self._started.append(process)
        return process

    def start(self, *words, **options):
        """Returns when the services have come to where they are to be."""
        process = self.popen(*words, **options)
        self.wait_supervised(*self.names())
        self.wait_born(*(name for name in self.names() if not (self.services / name / "down").exists()))
        return process

    def run(self, *words):
        done = subprocess.run(
            words,
            executable=self.programs / words[0],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            cwd=self.top,
            env=self.environment,
            timeout=DEADLINE,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def names(self):
        return sorted(path.name for path in self.services.iterdir())

    def is_supervised(self, name):
        return is_open_for_runit(self.services / name)

    def wait_supervised(self, *names):
        for name in names:
            # runsv makes the file `status` after `ok`: until then sv finds none.
            eventually(
                lambda: self.is_supervised(name) and self.state(name), f"{name} is supervised; {self.messages()}"
            )

    def wait_left(self, *names):
        for name in names:
            eventually(lambda: not self.is_supervised(name), f"{name} is supervised no more")

    def wait_born(self, *names):
        for name in names:
            eventually((self.services / name / "born").exists, f"{name} runs; {self.messages()}")
            logger = [f"{name}/log"] if (self.services / name / "log/run").exists() else []
            for one in (name, *logger):
                eventually(lambda: self.state(one)[19:] == b"\1", f"it is written down that {one} runs")

    def born(self, name):
        return json.loads((self.services / name / "born").read_text())

    def state(self, name):
        """Empty until there is the file."""
        status = self.services / name / "supervise/status"
        return status.read_bytes() if status.exists() else b""

    def pid(self, name):
        return int.from_bytes(self.state(name)[12:16], "little")

    def sv(self, *words):
        environment = {**self.environment, "SVDIR": str(self.services)}
        done = subprocess.run(
            [REAL_SV, *words],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            env=environment,
            timeout=2 * DEADLINE,
            check=False,
        )
        return dataclasses.astuple(Said.of(done))

    def messages(self):
        return self.said.read_text() if self.said.exists() else ""

    def masked(self, text):
        return re.sub(r"\d+", "N", text.replace(str(self.top), "TOP"))

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        for process in self._started:
            if process.poll() is None:
                process.send_signal(signal.SIGHUP if "dir" in process.args[0] else signal.SIGTERM)
                process.wait(DEADLINE)
        eventually(lambda: not self.strays(), lambda: f"left: {self.strays()}; {self.messages()}")
        shutil.rmtree(self.top)

    def strays(self):
        """Processes that were started here, whatever they became."""
        mark = f"PLACE={self.top}".encode()
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append((int(entry.name), (entry / "cmdline").read_bytes()))
            except OSError:
                continue
        return found


# --- side by side


@side_by_side
def errors_in_the_call(place):
    (place.top / "file").write_text("")
    (place.top / "closed").mkdir()
    place.add("odd")
    (place.services / "odd/supervise/control").mkdir(parents=True)
    calls = [
        ("runsvdir",),
        ("runsvdir", "-P"),
        ("runsvdir", "--"),
        ("runsvdir", "--help"),
        ("runsv",),
        ("runsv", "a", "b"),
        ("runsv", "nobody"),
        ("runsv", "-x"),
        ("runsv", ""),
        ("runsv", "file"),
        ("runsv", "sv/odd"),
    ]
    return [(call, place.run(*call)) for call in calls]


def test_errors_in_the_call(outcomes):
    said = dict(outcomes(errors_in_the_call))
    assert said[("runsvdir",)] == (1, b"", b"usage: runsvdir [-P] dir\n\n")
    assert said[("runsv", "sv/odd")][2].endswith(b"control exists but is not a fifo\n")


@side_by_side
def services_inherit_what_runsvdir_has(place):
    place.environment["WORD"] = "some thing"
    place.add("web", log_run=LOGGER)
    place.add("db")
    place.add(".hidden")
    with open(place.top / "out", "wb") as out:
        process = place.popen("runsvdir", "-P", "sv", stdout=out, umask=0o027)
    place.wait_born("web", "db")
    eventually((place.services / "web/written").exists, "the logger writes")
    eventually(lambda: "the logger" in place.messages(), "it says so")
    said = [place.sv("status", "web", "db"), place.sv("check", "db")]
    births = []
    for name in ("web", "db"):
        born = place.born(name)
        assert born["session"] != os.getsid(process.pid)
        streams = [place.masked(stream) for stream in born["streams"]]
        births.append((streams, born["umask"], sorted(born["environment"].items())))
    births = [(streams, umask, place.masked(str(values))) for streams, umask, values in births]
    assert not (place.services / ".hidden/supervise").exists()
    # What exits would be started again, in runsvdir's own time.
    said.append(place.sv("-w", LONG, "down", "web", "db"))
    eventually(lambda: "last of web\n" in (place.services / "web/written").read_text(), "the logger has written it")
    written = (place.services / "web/written").read_text()
    return said, births, sorted(place.messages().splitlines()), written, (place.top / "out").read_text()


def test_services_inherit_what_runsvdir_has(outcomes):
    _said, births, messages, written, out = outcomes(services_inherit_what_runsvdir_has)
    assert [birth[0] for birth in births] == [
        ["/dev/null", "pipe:[N]", "TOP/said"],
        ["/dev/null", "TOP/out", "TOP/said"],
    ]
    assert messages[:2] == ["error of db", "error of web"]
    assert written.startswith("out of web\nlast of web\n") and out.startswith("out of db\nlast of db\n")


@side_by_side
def term_leaves_the_services_supervised(place):
    place.add("web", finish=FINISH)
    place.add("idle", down="")
    process = place.start("runsvdir", "sv")
    process.terminate()
    code = process.wait(DEADLINE)
    said = [place.sv("status", "web", "idle")]
    (place.services / "web/born").unlink()
    said.append(place.sv("-w", LONG, "restart", "web"))
    said.append(place.sv("-w", LONG, "start", "idle"))
    place.wait_born("web", "idle")
    said += [place.sv("-w", LONG, "exit", name) for name in ("web", "idle")]
    place.wait_left("web", "idle")
    finished = (place.services / "web/finished").read_text()
    said.append(place.sv("status", "web"))
    eventually(lambda: not place.strays(), "nobody is there any more")
    return code, said, finished.splitlines()


def test_term_leaves_the_services_supervised(outcomes):
    code, _said, finished = outcomes(term_leaves_the_services_supervised)
    assert code == 0 and [line.split()[:2] for line in finished] == [["3", "0"], ["3", "0"]]


@side_by_side
def hup_stops_all_with_their_loggers(place):
    place.add("web", log_run=LOGGER)
    place.add("db")
    process = place.start("runsvdir", "-P", "sv")
    process.send_signal(signal.SIGHUP)
    code = process.wait(DEADLINE)
    eventually(lambda: not place.strays(), "all have ended")
    files = {}
    for name in ("web/supervise", "web/log/supervise", "db/supervise"):
        directory = place.services / name
        files[name] = ((directory / "stat").read_text(), (directory / "pid").read_text())
    written = (place.services / "web/written").read_text()
    return code, files, written, place.sv("status", "web", "db")


def test_hup_stops_all_with_their_loggers(outcomes):
    code, files, written, _said = outcomes(hup_stops_all_with_their_loggers)
    assert code == 111 and set(files.values()) == {("down\n", "")}
    assert written == "out of web\nlast of web\n"


@side_by_side
def runsv_ends_by_term_after_its_logger(place):
    place.add("web", log_run=LOGGER, finish=FINISH)
    process = place.start("runsv", "sv/web")
    said = [place.sv("status", "web"), place.run("runsv", "sv/web")]
    process.terminate()
    code = process.wait(DEADLINE)
    written = (place.services / "web/written").read_text()
    said.append(place.sv("status", "web"))
    finished = (place.services / "web/finished").read_text().split()[:2]
    return code, said, written, finished, sorted(place.messages().splitlines())


def test_runsv_ends_by_term_after_its_logger(outcomes):
    code, said, written, finished, _messages = outcomes(runsv_ends_by_term_after_its_logger)
    assert code == 0 and written == "out of web\nlast of web\n" and finished == ["3", "0"]
    assert said[1] == (111, b"", b"runsv sv/web: fatal: unable to lock supervise/lock: temporary failure\n")


@side_by_side
def runsv_is_told_to_exit_and_called_in_the_directory_itself(place):
    place.add("web")
    process = place.start("runsv", ".", cwd=place.services / "web")
    said = place.sv("-w", LONG, "exit", "web")
    return process.wait(DEADLINE), said, place.masked(place.messages())


def test_runsv_is_told_to_exit_and_called_in_the_directory_itself(outcomes):
    assert outcomes(runsv_is_told_to_exit_and_called_in_the_directory_itself)[0] == 0


@side_by_side
def the_log_shows_in_the_command_line(place):
    place.add("web", "#!/bin/sh\necho an error >&2\n: >born\nexec sleep 1000000\n")
    word = "log: " + 30 * "."
    process = place.start("runsvdir", "-P", "sv", word, stderr=subprocess.DEVNULL)

    def shown():
        return pathlib.Path(f"/proc/{process.pid}/cmdline").read_bytes().decode().split("\0")

    eventually(lambda: "an error" in shown()[3], "it is in the command line")
    return shown()


def test_the_log_shows_in_the_command_line(outcomes):
    shown = outcomes(the_log_shows_in_the_command_line)
    assert shown == ["runsvdir", "-P", "sv", "log: " + 21 * "." + "an error\n", ""]


@side_by_side
def a_log_that_is_too_short(place):
    process = place.popen("runsvdir", "sv", "short")
    eventually(lambda: len(place.messages().splitlines()) == 2, "all was said")
    said = place.messages().splitlines()
    process.kill()
    return said


def test_a_log_that_is_too_short(outcomes):
    assert outcomes(a_log_that_is_too_short) == [
        "runsvdir sv: warning: log must have at least seven characters.",
        "runsvdir sv: warning: log service disabled.",
    ]


@side_by_side
def a_supervisor_is_refused_where_runsvdir_is(place):
    place.add("web")
    place.add("idle", down="")
    runsvdir = place.start("runsvdir", "sv")
    place.services.joinpath("file").write_text("")
    words = [SUPERVISOR, "--control", place.top / "control", place.services]
    refused = subprocess.run(
        words, capture_output=True, text=True, timeout=DEADLINE, env=place.environment, check=False
    )
    text = rf"supervisor: {place.services} is supervised by pid (\d+), which has locked (\S+); (.*)\n"
    said = re.fullmatch(text, refused.stderr)
    assert said, refused.stderr
    children = pathlib.Path(f"/proc/{runsvdir.pid}/task/{runsvdir.pid}/children").read_text().split()
    assert said[1] in children
    locks = ["it"] if place.kind == OURS else [f"{place.services}/{name}/supervise/lock" for name in ("web", "idle")]
    assert said[2] in locks
    return refused.returncode, said[3], (place.top / "control").exists()


def test_a_supervisor_is_refused_where_runsvdir_is(outcomes):
    code, hint, was_there = outcomes(a_supervisor_is_refused_where_runsvdir_is)
    assert code == 1 and hint.startswith("stop that one first") and not was_there


# --- ours alone: Debian's looks every five seconds only


@ours
def what_is_locked_is_tried_again_and_taken_over(place):
    place.add("web", log_run=LOGGER)
    # What Debian's leaves behind is gone on with: it has two fifos where ours has one.
    holder = place.start("runsv", "sv/web", executable=PEERS / "runsv")
    place.add("db")
    place.services.joinpath("file").write_text("")
    place.popen("runsvdir", "sv")
    place.wait_born("db")
    eventually(lambda: len(place.messages().splitlines()) >= 5, "it is said again")
    (place.services / "web/born").unlink()
    holder.terminate()
    assert holder.wait(DEADLINE) == 0
    place.wait_born("web")
    place.wait_supervised("web/log")
    eventually(lambda: place.messages().count("the logger") == 2, "its logger runs as well")
    said = set(place.messages().splitlines()) - {"error of web", "error of db", "the logger"}
    assert said == {
        "runsv web: fatal: unable to lock supervise/lock: temporary failure",
        f"runsvdir sv: warning: {place.services}/file: not a service: it is not a directory",
    }


@ours
def what_comes_goes_or_leads_elsewhere_is_followed(place):
    place.start("runsvdir", "sv")
    place.add("web", log_run=LOGGER)
    place.wait_born("web")
    first = place.pid("web")
    (place.services / "web").rename(place.top / "away")
    place.wait_left("../away")
    assert not is_alive(first)
    (place.top / "away/born").unlink()
    (place.services / "web").symlink_to(place.top / "away")
    place.wait_born("web")
    # One directory is one service, whatever names it has.
    second = place.pid("web")
    (place.services / "also").symlink_to(place.top / "away")
    (place.services / "web").unlink()
    eventually(lambda: place.pid("also") not in (0, second), "it is another one, started again")
    assert not is_alive(second)
    place.wait_supervised("also")


@ours
def who_exits_comes_back_while_there_is_a_runsvdir(place):
    place.add("web", log_run=LOGGER)
    place.start("runsvdir", "sv")
    before = place.pid("web")
    # Not waited for by sv: it looks now and then, and may come when it is back.
    assert place.sv("exit", "web")[0] == 0
    eventually(lambda: place.pid("web") not in (0, before), "it runs again")
    place.wait_supervised("web", "web/log")


def house_of(runsvdir):
    """Its child called runsv, which has all services; orphans are its children as well."""

    def found():
        for child in pathlib.Path(f"/proc/{runsvdir.pid}/task/{runsvdir.pid}/children").read_text().split():
            try:
                if pathlib.Path(f"/proc/{child}/comm").read_text() == "runsv\n":
                    return int(child)
            except OSError:
                continue
        return None

    return eventually(found, "runsvdir has a child called runsv")


def is_alive(pid):
    """Those whose parent has died may stay zombies here."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@ours
def the_process_that_has_the_services_may_die(place):
    place.add("web", log_run=LOGGER)
    place.add("db")
    place.add("idle", down="")
    runsvdir = place.start("runsvdir", "sv")
    house = house_of(runsvdir)
    assert pathlib.Path(f"/proc/{house}/cmdline").read_bytes().rstrip(b"\0").split(b"\0") == [b"runsv", b"sv"]
    before = {name: place.pid(name) for name in ("web", "web/log", "db")}
    (place.services / "db/born").unlink()
    written_before = place.state("web")
    os.kill(house, signal.SIGKILL)
    os.kill(before["db"], signal.SIGKILL)
    # Who ended meanwhile is started again, and nobody else.
    place.wait_born("db")
    eventually(lambda: place.pid("db") not in (0, before["db"]), "it is written down")
    place.wait_supervised("web", "web/log", "idle")
    after = {name: place.pid(name) for name in before}
    assert after == {**before, "db": after["db"]} and after["db"] != before["db"]
    assert place.state("web") == written_before, "since when it runs, too"
    assert house_of(runsvdir) != house
    assert place.sv("status", "idle", "web") == (0, "down: idle: Ns\nrun: web: (pid N) Ns; run: log: (pid N) Ns\n")
    # What ends from now on is heard of, and the logger's pipe is the same.
    (place.services / "web/born").unlink()
    os.kill(before["web"], signal.SIGTERM)
    place.wait_born("web")
    written = place.services / "web/written"
    eventually(lambda: written.read_text().count("out of web\n") == 2, "the logger has nothing in hand")
    assert place.sv("-w", LONG, "restart", "web/log")[0] == 0
    runsvdir.send_signal(signal.SIGHUP)
    assert runsvdir.wait(DEADLINE) == 111
    eventually(lambda: not place.strays(), "all have ended")
    assert written.read_text() == 2 * "out of web\nlast of web\n"


@ours
def all_that_is_told_to_end_is_started_again(place):
    """As each runsv of runit's would be."""
    place.add("web")
    runsvdir = place.start("runsvdir", "sv")
    before = place.pid("web")
    (place.services / "web/born").unlink()
    os.kill(house_of(runsvdir), signal.SIGTERM)
    place.wait_born("web")
    assert not is_alive(before)


@ours
def as_any_user_with_a_directory_that_cannot_be_written(place):
    place.add("web")
    place.add("closed")
    for path in [place.top, *place.services.rglob("*"), place.services]:
        os.chown(path, 65534 if path.name != "closed" else 0, -1)
    place.said.touch()
    place.said.chmod(0o666)
    place.popen("runsvdir", "sv", user=65534)
    place.wait_born("web")
    why = "runsv closed: fatal: unable to mkdir supervise: access denied\n"
    eventually(lambda: why in place.messages(), f"it is said, not {place.messages()}")
    os.chown(place.services / "closed", 65534, -1)
    place.wait_born("closed")


@ours
def as_pid_1_it_buries_orphans(place):
    place.add("web", "#!/bin/sh\n(sleep 0 & : >orphan) &\nwait\n: >born\nexec sleep 1000000\n")
    words = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", place.programs / "runsvdir", "sv"]
    with subprocess.Popen(words, cwd=place.top, env=place.environment, stdin=subprocess.DEVNULL) as process:
        place.wait_born("web")
        [init] = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(init), signal.SIGTERM)
        assert process.wait(DEADLINE) == 0


@pytest.mark.parametrize("scenario", ALONE, ids=lambda scenario: scenario.__name__)
def test_ours(outcomes, scenario):
    outcomes(scenario)
