"""What services print, from their pipes through svlog to memory and files, with everything killed
that can be."""

import contextlib
import os
import pathlib
import re
import signal

import pytest

from supervised import DEADLINE, Supervised, eventually, svlog_of
from svctl_runner import svctl

SLEEP = "exec sleep 100000"


@pytest.fixture
def s():
    with Supervised() as supervised:
        yield supervised


def start(s, *arguments):
    s.start("--log-dir", s.top / "log", *arguments)


def text_of(s, name):
    directory = s.top / "log" / name
    files = [*sorted(directory.glob("@*.s")), directory / "current"]
    try:
        return b"".join(path.read_bytes() for path in files if path.exists())
    except FileNotFoundError:  # rotated away meanwhile
        return b""


def wait_file(s, name, part):
    eventually(lambda: part.encode() in text_of(s, name), f"{part!r} in the files of {name}")


def numbers_of(text):
    return [int(number) for number in re.findall(rb"number (\d+)\n", text)]


def counter(s, last):
    """Prints numbers through all its restarts; the next one is the last line of a file, which is never empty."""
    return (
        f"n=$(tail -n 1 {s.top}/next)\n"
        f"while [ $n -lt {last} ]; do\n"
        f"echo $((n + 1)) >> {s.top}/next; echo number $n; n=$((n + 1))\n"
        f"done\necho that is all\n{SLEEP}"
    )


def test_more_services_than_svlog_is_told_of_at_once(s):
    for number in range(450):
        s.add(f"web{number}", "echo hello; exec sleep 100000")
    start(s)
    for number in range(450):
        wait_file(s, f"web{number}", "hello")


def test_lines_in_files_and_in_memory(s):
    s.add("web", f"echo hello; echo there >&2; {SLEEP}")
    start(s)
    wait_file(s, "web", "there")
    assert re.fullmatch(rb"\S{27} hello\n\S{27} there\n", text_of(s, "web"))
    assert s.status("web")["log"] == ["hello", "there"]


def test_what_is_said_before_svlog_is_started_is_written_though_all_ends(s):
    """svlog comes a moment after the first service, which TERM overtakes here."""
    s.add("web", f"echo hello; echo > {s.top}/said; {SLEEP}")
    start(s)
    eventually((s.top / "said").exists, "web has said it")
    s.process.terminate()
    assert s.process.wait(DEADLINE) == 0
    assert text_of(s, "web").endswith(b" hello\n")


def test_nothing_is_lost_when_the_service_restarts(s):
    (s.top / "next").write_text("0\n")
    s.add("web", counter(s, 3000))
    start(s)
    for _ in range(5):
        s.ask(verb="kill", services=["web"])
        s.wait_state("web", "ready")
    # A kill between the two commands of the loop leaves one out, which may be the last, and none twice.
    wait_file(s, "web", "that is all")
    numbers = numbers_of(text_of(s, "web"))
    assert numbers == sorted(set(numbers)) and len(numbers) >= 3000 - 5


def test_nothing_is_lost_when_svlog_is_killed(s):
    (s.top / "next").write_text("0\n")
    s.add("web", counter(s, 5000))
    start(s)
    for _ in range(5):
        victim = eventually(s.svlog, "svlog runs")
        os.kill(victim, signal.SIGKILL)
        eventually(lambda: s.svlog() not in (None, victim), "another svlog runs")
    wait_file(s, "web", "number 4999")
    assert numbers_of(text_of(s, "web")) == list(range(5000))
    assert "svlog ended after" in s.messages()


def test_while_there_is_no_svlog_services_go_on_and_memory_is_kept(s):
    s.add("flood", "exec yes 'a line of a flood'")
    s.add("echo", f"echo hello; {SLEEP}")
    start(s)
    # Later svlog may be killed each time before it has taken anything into memory.
    wait_file(s, "flood", "a line of a flood")

    def is_given_up():
        """It lives too briefly each time, less than 200 ms: to look through all of /proc for it takes too long."""
        svlog = svlog_of(s.process.pid)
        if svlog is not None:
            with contextlib.suppress(ProcessLookupError):  # that of the last time, buried in this moment
                os.kill(svlog, signal.SIGKILL)
        return "until then output is kept in memory only" in s.messages()

    eventually(is_given_up, "svlog is waited for")
    assert "a line of a flood" in s.status("flood")["log"]  # the last may be there in part
    eventually(lambda: s.status("echo").get("log") == ["hello"], "its line is shown")
    eventually(lambda: len(text_of(s, "flood")) > 100_000, "files are written again")


def test_lines_are_shown_while_svlog_does_nothing(s):
    s.add("web", f"echo one; read x < {s.top}/go; echo two; {SLEEP}")
    os.mkfifo(s.top / "go")
    start(s)
    # Not while it moves the line from the pipe into memory: nobody else reads the pipe then.
    wait_file(s, "web", "one")
    assert s.status("web")["log"] == ["one"]
    svlog = s.svlog()
    os.kill(svlog, signal.SIGSTOP)
    (s.top / "go").write_text("\n")
    eventually(lambda: s.status("web").get("log") == ["one", "two"], "the line in the pipe")
    os.kill(svlog, signal.SIGCONT)


def test_what_services_say_last_is_written(s):
    last_words = "i=0; while [ $i -lt 2000 ]; do echo number $i; i=$((i+1)); done; kill $!; exit"
    for i in range(5):
        s.add(f"s{i}", f"sleep 100000 &\ntrap '{last_words}' TERM\necho ready\nwait")
    start(s)
    for i in range(5):
        wait_file(s, f"s{i}", "ready")
    assert s.stop() == 0
    for i in range(5):
        assert numbers_of(text_of(s, f"s{i}")) == list(range(2000))
    assert "all services are down" in text_of(s, "@supervisor").decode()
    assert s.svlog() is None


def test_what_services_say_last_is_written_though_svlog_dies_at_the_end(s):
    s.add("web", "trap 'echo the last word; exit' TERM\necho ready\nwhile :; do sleep 0.02; done")
    start(s)
    wait_file(s, "web", "ready")
    svlog, web = s.svlog(), s.pid("web")
    os.kill(svlog, signal.SIGSTOP)
    s.process.send_signal(signal.SIGTERM)
    eventually(lambda: not pathlib.Path(f"/proc/{web}").exists(), "the service has ended")
    os.kill(svlog, signal.SIGKILL)
    assert s.process.wait(DEADLINE) == 0
    assert text_of(s, "web").decode().endswith("the last word\n")


def test_a_kill_of_the_supervisor_costs_no_line(s):
    """Under load, in the file and in order; the service is the same process all the time."""
    s.add("web", f"i=0; while [ $i -lt 30000 ]; do echo number $i; i=$((i+1)); done; {SLEEP}")
    start(s)
    pid = s.pid("web")
    for _ in range(5):
        before = len(text_of(s, "web"))
        eventually(lambda: len(text_of(s, "web")) > before or b"number 29999" in text_of(s, "web"), "it goes on")
        s.process.kill()
        s.process.wait(DEADLINE)
        start(s)
    assert s.pid("web") == pid, s.messages()
    wait_file(s, "web", "number 29999")
    numbers = numbers_of(text_of(s, "web"))
    jumps = [(i, a, b) for i, (a, b) in enumerate(zip(numbers, numbers[1:])) if b != a + 1]
    assert (jumps, len(numbers)) == ([], 30000), s.messages()


def test_a_gigabyte_of_output_costs_no_memory_and_nobody_else_anything(s):
    s.add("flood", f"yes 'a line of a flood, one of very many' | head -c 1G; echo; echo end; {SLEEP}")
    s.add("web", f"echo hello; {SLEEP}")
    start(s)
    with s.client() as client:
        for _ in range(10):
            assert client.ask(verb="restart", services=["web"]).exit == 0
    eventually(lambda: s.status("flood").get("log", [])[-1:] == ["end"], "the flood has ended", 120)
    wait_file(s, "flood", " end\n")
    wait_file(s, "web", "hello")
    for pid in (s.process.pid, s.svlog()):
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        assert int(re.search(r"RssAnon:\s+(\d+)", status)[1]) < 8 * 1024
    assert len(list((s.top / "log/flood").iterdir())) == 11


def test_the_supervisors_own_messages_are_kept_too(s):
    s.add("web", "exit 3")
    start(s)
    s.wait_message("web: exit 3")
    wait_file(s, "@supervisor", "web: exit 3")


def test_a_service_with_a_logger_needs_no_svlog(s):
    s.add("web", f"echo hello; {SLEEP}", log_run=f"exec cat >> {s.top}/written")
    start(s)
    assert s.wait_text("written", "\n") == "hello\n"
    assert not (s.top / "log/web").exists()


@pytest.mark.parametrize("name", ["two words", "perc%ent", "\u00fcml", "@supervisor", "a" * 127])
def test_odd_names(s, name):
    s.add(name, f"echo hello; {SLEEP}")
    start(s)
    eventually(lambda: s.status(name).get("log") == ["hello"], "its line is shown")
    assert s.stop() == 0
    written = [path.parent.name for path in (s.top / "log").glob("*/current")]
    assert len(written) == 2 and "@supervisor" in written


def test_a_service_that_goes_and_comes_back_goes_on_in_its_files(s):
    s.add("web", f"echo first; {SLEEP}")
    start(s)
    wait_file(s, "web", "first")
    s.disable("web")
    eventually(lambda: s.known() == set(), "it is forgotten")
    s.add("web", f"echo second; {SLEEP}")
    wait_file(s, "web", "second")
    assert s.status("web")["log"] == ["second"]
    assert [line.split()[1] for line in text_of(s, "web").splitlines()] == [b"first", b"second"]


def test_a_log_directory_that_cannot_be_made_is_said_and_done_without(s):
    (s.top / "log").write_text("in the way")
    s.add("web", f"echo hello; {SLEEP}")
    start(s)
    s.wait_message("output is kept in memory until files can be written")
    eventually(lambda: s.status("web").get("log") == ["hello"], "its line is shown")
    (s.top / "log").unlink()
    wait_file(s, "web", "hello")


def test_a_log_directory_that_is_made_later_counts_from_the_next_start_on(s):
    s.add("web", f"echo first; {SLEEP}")
    s.start()
    pid = s.wait_state("web", "ready")["pid"]
    s.define("web", log_run=f"exec cat > {s.top}/logged")
    result = svctl("rescan", control=s.socket)
    assert result.stdout == "web: changed: log directory added; counts from its next start on\n"
    assert s.pid("web") == pid
    assert "web/log" not in s.known()
    assert s.ask(verb="restart", services=["web"]).exit == 0
    s.wait_text("logged", "first\n")
    s.wait_state("web/log", "ready")


def test_the_supervisors_own_lines_have_their_level(s):
    s.add("web", "exit 3")
    s.start()
    eventually(
        lambda: "\nwarning: web: exit 3" in "\n" + svctl("log", "@supervisor", control=s.socket).stdout,
        "the level is there",
    )


def test_without_a_state_table_there_is_one_svlog(s):
    # A directory where the file would be. Services start before anybody knows that there is no more
    # to take over; svlog starts then, once.
    (s.top / "state").mkdir()
    (s.top / "next").write_text("0\n")
    s.add("web", counter(s, 2000))
    s.add("other", f"echo hello; {SLEEP}")
    start(s)
    assert "state table: " in s.messages()
    wait_file(s, "web", "number 1999")
    wait_file(s, "other", "hello")
    victim = eventually(s.svlog, "svlog runs")
    os.kill(victim, signal.SIGKILL)
    eventually(lambda: s.svlog() not in (None, victim), "another svlog runs")
    s.ask(verb="restart", services=["other"])
    eventually(lambda: text_of(s, "other").count(b"hello") == 2, "the second start is in the file")
    assert numbers_of(text_of(s, "web")) == list(range(2000))
    # Two at once: the second would have ended for want of the memory.
    assert s.messages().count("svlog ended") == 1
