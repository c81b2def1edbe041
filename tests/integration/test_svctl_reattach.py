"""svctl that waits, follows or watches while the supervisor dies and another one takes its place.

The next supervisor goes on with the services where they were; what is shown is that who waits
outside goes on, too, and says what it does.
"""

import re
import subprocess

import pytest

from fake_supervisor import DONE, GREETING, FakeSupervisor, receive
from supervised import Supervised, eventually
from svctl_runner import DEADLINE, SVCTL, environment

WENT = "svctl: the supervisor went away; waiting for it\n"
BACK = "svctl: the supervisor is back\n"


@pytest.fixture
def s():
    """fast is what svctl hears of first: then it has asked, and waits for the rest."""
    with Supervised() as supervised:
        supervised.add("fast", "exec sleep 1000")
        yield supervised


class Waiting:
    """A svctl in the background."""

    def __init__(self, s, *words):
        self._out = s.top / "out"
        self._err = s.top / "err"
        with open(self._out, "wb") as out, open(self._err, "wb") as err:
            self.process = subprocess.Popen(
                [SVCTL, "--control", str(s.socket), *words],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=environment(),
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(DEADLINE)

    def out(self):
        return self._out.read_text()

    def err(self):
        return self._err.read_text()

    def wait_out(self, part):
        eventually(lambda: part in self.out(), f"{part!r} in {self.out()!r}, {self.err()!r}")

    def wait_err(self, part):
        eventually(lambda: part in self.err(), f"{part!r} in {self.err()!r}")

    def end(self):
        return self.process.wait(DEADLINE)


def kill(s):
    s.process.kill()
    s.process.wait(DEADLINE)


def test_a_wait_goes_on_with_the_next_supervisor(s):
    # Its program is not even started before: one that ends at once may have lived long enough to count.
    s.add("late", "exec sleep 1000", setup=f"test -e {s.top}/go")
    s.start()
    with Waiting(s, "wait", "fast", "late") as wait:
        wait.wait_out("fast: ")
        kill(s)
        wait.wait_err(WENT)
        (s.top / "go").touch()
        s.start()
        assert wait.end() == 0
        assert wait.err() == WENT + BACK
        assert wait.out().count("fast: ") == 1, "who answered before is not told twice"
        assert wait.out().count("late: ready") == 1


@pytest.mark.parametrize("verb, state", [("up", "ready"), ("down", "down"), ("restart", "ready")])
def test_an_order_is_said_again(s, verb, state):
    """Under neither supervisor does the service arrive before the test says so."""
    go = f"{s.top}/go"
    s.add("slow", f"trap 'ends=1' TERM; echo armed >{s.top}/armed; until test $ends && test -e {go}; do sleep 0.05; done",
          timeout__kill="1000000\n")
    if verb == "up":
        s.define("slow", setup=f"until test -e {go}; do sleep 0.05; done")
    s.start()
    s.wait_state("slow", "starting" if verb == "up" else "ready")
    if verb != "up":
        s.wait_text("armed", "armed")  # its shell has not yet got there when it is ready
    s.wait_state("fast", "ready")
    with Waiting(s, verb, "fast", "slow") as order:
        order.wait_out("fast: ")
        kill(s)
        order.wait_err(WENT)
        s.start()
        (s.top / "go").touch()
        assert order.end() == 0
        assert order.err() == WENT + BACK
        assert s.status("slow")["state"] == state


def test_a_timeout_counts_on(s):
    s.add("web", "exec sleep 1000", notification__fd="3\n")
    s.start()
    s.wait_state("fast", "ready")
    with Waiting(s, "--timeout", "4s", "wait", "fast", "web") as wait:
        wait.wait_out("fast: ")
        kill(s)
        assert wait.end() == 6
        assert wait.err().startswith(WENT)
    s.start()


def test_events_are_told_again(s):
    s.add("web", "exec sleep 1000")
    s.start()
    s.wait_state("web", "ready")
    with Waiting(s, "events") as events:
        eventually(lambda: s.ask(verb="restart", services=["fast"]) and "fast" in events.out(), "it is told")
        kill(s)
        events.wait_err(WENT)
        s.start()
        events.wait_err(BACK)
        s.wait_state("web", "ready")
        s.ask(verb="down", services=["web"])
        events.wait_out("stopping -> down")


COUNT = """
i=$(cat {0}/count 2>/dev/null || echo 0)
while :; do i=$((i + 1)); echo $i > {0}/count.new; mv {0}/count.new {0}/count; echo line $i; sleep 0.01; done
"""


def test_a_followed_log_goes_on_without_a_gap(s):
    """Also without our PID 1: the next supervisor takes the memory out of svlog, which goes on."""
    s.add("counter", COUNT.format(s.top))
    s.start()
    with Waiting(s, "log", "-f", "-n", "0", "counter") as log:
        log.wait_out("line ")
        kill(s)
        log.wait_err(WENT)
        seen = log.out()
        s.start()
        log.wait_err(BACK)
        eventually(lambda: len(log.out()) > len(seen) + 100, "more lines")
        numbers = [int(number) for number in re.findall(r"^line (\d+)\n", log.out(), re.M)]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "each once, in order"


def test_services_that_appear_later_are_followed(s):
    s.add("web", "echo hello; exec sleep 1000")
    s.start()
    with Waiting(s, "log", "-f") as log:
        log.wait_out("web: hello\n")
        s.add("late", "echo here; exec sleep 1000")
        log.wait_out("late: here\n")
        s.disable("web")
        log.wait_err("web: ")
        s.add("last", "echo too; exec sleep 1000")
        log.wait_out("last: too\n")


def test_a_lost_connection_costs_no_line_where_the_memory_is_the_same(tmp_path):
    """The cursors of each service are said again, word for word."""
    lines = b'{"id":1,"service":"web","lines":["%s"],"cursor":"7.1.%d"}\n'
    script = [GREETING, receive, lines % (b"one", 4), lines % (b"two", 8)]
    with FakeSupervisor(tmp_path, script) as fake:
        with open(tmp_path / "out", "wb") as out:
            process = subprocess.Popen(
                [SVCTL, "--control", fake.path, "log", "-f", "web"],
                stdout=out,
                stderr=subprocess.DEVNULL,
                env=environment(),
            )
        eventually(lambda: len(fake.requests) >= 3, "asked three times")
        process.kill()
        process.wait(DEADLINE)
        assert "resume" not in fake.requests[0]
        assert fake.requests[1]["resume"] == ["7.1.8"]
        assert fake.requests[1]["follow"] is True


def test_a_supervisor_that_ends_in_order_is_not_waited_for(s):
    s.add("web", "exec sleep 1000", notification__fd="3\n")
    s.start()
    with Waiting(s, "wait", "fast", "web") as wait:
        wait.wait_out("fast: ")
        s.stop()
        assert wait.end() == 1
        assert "went away" not in wait.err()


def test_a_supervisor_that_ends_before_it_greets_is_asked_again(tmp_path):
    """It has been asked for nothing yet, so nothing is done twice."""

    def end_the_first_two(_connection, _requests, ends=iter([True, True])):
        if next(ends, False):
            raise OSError("ended")

    with FakeSupervisor(tmp_path, [end_the_first_two, GREETING, receive, DONE]) as fake:
        result = subprocess.run(
            [SVCTL, "--control", fake.path, "up", "web"], capture_output=True, text=True,
            env=environment(), timeout=DEADLINE,
        )
        assert (result.returncode, result.stderr) == (0, "")
        assert [request["verb"] for request in fake.requests] == ["up"]


def test_what_only_looks_fails_at_once(tmp_path):
    with FakeSupervisor(tmp_path, [GREETING, receive]) as fake:
        result = subprocess.run(
            [SVCTL, "--control", fake.path, "status"], capture_output=True, text=True,
            env=environment(), timeout=DEADLINE,
        )
    assert result.returncode == 100
    assert "before its answer was complete" in result.stderr


def test_who_waits_for_the_boot_may_come_before_the_supervisor(s):
    with Waiting(s, "wait", "--boot") as waiting:
        waiting.wait_err("svctl: there is no supervisor yet; waiting for it\n")
        s.start()
        assert waiting.process.wait(DEADLINE) == 0
        assert "boot complete" in waiting.out()


def test_a_supervisor_that_never_comes_is_not_waited_for_longer_than_told(s):
    with Waiting(s, "--timeout", "300ms", "wait", "--boot") as waiting:
        assert waiting.process.wait(DEADLINE) != 0
        assert f"svctl: no supervisor at {s.socket}" in waiting.err()
