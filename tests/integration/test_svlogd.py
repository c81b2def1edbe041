"""svlogd beside Debian's on the same input: the same files to the byte, the same words."""

import os
import pathlib
import re
import shutil
import signal
import socket
import stat
import subprocess

import pytest

from runit_tree import PEERS, fetch_peers
from supervised import DEADLINE, SUPERVISOR, eventually

KINDS = {"real": PEERS / "svlogd", "ours": SUPERVISOR}
OLD = re.compile(rb"@[0-9a-f]{24}")
TIME = re.compile(rb"\d{4}-\d\d-\d\d[_T]\d\d:\d\d:\d\d\.\d{5}")
MANY = b"".join(b"line %03d of quite a few\n" % n for n in range(300))
ODD = b"plain\ncontrol \1\2\t tab\nhigh \xe4\xff end\n\n\x7f\nlong " + b"x" * 3000 + b"\1\nlast\n"


@pytest.fixture(scope="module", autouse=True)
def peers():
    fetch_peers()


def masked(data):
    return TIME.sub(b"TIME", OLD.sub(b"@OLD", data))


class Logger:
    """One of both, in a directory of its own, with the log directories as given: name -> files."""

    def __init__(self, top, kind, directories):
        self.top = top / kind
        self.top.mkdir()
        self.program = self.top / "svlogd"
        self.program.symlink_to(KINDS[kind])
        self.process = None
        for name, files in directories.items():
            (self.top / name).mkdir()
            for file, content in files.items():
                content, mode = content if isinstance(content, tuple) else (content, 0o644)
                (self.top / name / file).write_text(content)
                (self.top / name / file).chmod(mode)

    def start(self, *words):
        with open(self.top / "said", "wb") as said:
            self.process = subprocess.Popen(
                [self.program, *words], stdin=subprocess.PIPE, stderr=said, cwd=self.top
            )
        return self

    def run(self, words, data):
        self.start(*words)
        self.process.communicate(data, timeout=DEADLINE)
        return self.seen()

    def write(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def signal(self, name):
        self.process.send_signal(signal.Signals["SIG" + name])

    def end(self):
        self.process.stdin.close()
        self.process.wait(DEADLINE)
        return self.seen()

    def read(self, name):
        path = self.top / name
        return path.read_bytes() if path.exists() else b""

    def wait_for(self, name, data):
        eventually(lambda: masked(self.read(name)) == data, f"{name} is {data!r}, not {self.read(name)!r}")

    def olds(self, name):
        return sorted(path.name for path in (self.top / name).iterdir() if path.name.startswith("@"))

    def seen(self):
        """Exit code, words, and each file in order of its name: mode and content."""
        files = []
        for path in sorted(self.top.rglob("*")):
            if path.is_file() and not path.is_symlink() and path.name != "said":
                name = masked(str(path.relative_to(self.top)).encode())
                files.append((name, stat.filemode(path.stat().st_mode), masked(path.read_bytes())))
        said = masked(self.read("said")).replace(str(self.top).encode(), b"")
        return self.process.returncode, said, files


def both(tmp_path, directories, do):
    return [do(Logger(tmp_path, kind, directories)) for kind in KINDS]


TWICE = "[ -e tried ] || { touch tried; echo no; exit 1; }"
TABLE = {
    "plain": ([], {}, b"one\ntwo\n"),
    "nothing": ([], {}, b""),
    "empty lines": ([], {}, b"\n\n\n"),
    "odd": ([], {}, ODD),
    "odd, -r": (["-r", "."], {}, ODD),
    "odd, -R": (["-R", "pl"], {}, ODD),
    "odd, -r -R": (["-r", "#", "-R", "at "], {}, ODD),
    "long lines": (["-l", "10", "-b", "20"], {}, ODD),
    "as long as it may be": (["-l", "4", "-b", "5"], {}, b"abcd\nabc\nabcde\n\nabcd\n"),
    "-t": (["-t"], {}, b"one\n\n"),
    "-tt": (["-tt"], {}, b"one\n\n" + b"y" * 2000 + b"\n"),
    "-ttt": (["-ttt"], {}, b"one\n"),
    "-tttt": (["-tttt"], {}, b"one\n"),
    "-v": (["-v"], {"config": "# nothing\n\n"}, b"one\n"),
    "sizes": (["-v", "-l", "50"], {"config": "s400\nn3\n"}, MANY),
    "smaller than a line": (["-l", "50"], {"config": "s30\nn0\n"}, MANY[:480]),
    "as small as a line": (["-l", "50"], {"config": "s50\nn0\n"}, MANY[:480]),
    "in k": ([], {"config": "s2k\nn2\n"}, MANY),
    "any size": ([], {"config": "s0\n"}, MANY),
    "odd sizes": ([], {"config": "sx\nn\nN\nt\n!\np\n"}, MANY),
    "one old file": ([], {"config": "s1500\nn1\n"}, MANY),
    "selected": ([], {"config": "-*\n+*5*\n-*50*\n"}, MANY),
    "selected by runs": ([], {"config": "-*\n+line 0+1*\n+*2+2*\n+lin+e\n"}, MANY),
    "to stderr": (["-l", "12"], {"config": "e*\nE*1*\n-line 0*\n"}, MANY[:792]),
    "prefix": (["-tt"], {"config": "pweb: \n"}, b"one\n\n"),
    "no newline at the end of config": ([], {"config": "pweb: "}, b"one\n"),
    "unknown lines": ([], {"config": "x\n?\n \npa\n\n"}, b"one\n"),
    "not whole": (["-v"], {"current": "left", "@40000000000000000000000a.s": "a"}, b"one\n"),
    "whole": (["-v"], {"current": ("kept\n", 0o744)}, b"one\n"),
    "nearly full": (["-v"], {"current": ("x" * 1000 + "\n", 0o744), "config": "s1500\n"}, MANY),
    "leftovers": (
        ["-v"],
        {"current": "left", "config": "n1\n", "@40000000000000000000000a.t": "", "@40000000000000000000000b.s": "b"},
        b"one\n",
    ),
    "processor": ([], {"config": "s1500\n!tr a-z A-Z\n"}, MANY),
    "processor with a state": (
        [],
        {"config": "s2000\n!cat <&4 >&5; wc -l; echo run >&5\n", "state": "begin\n"},
        MANY,
    ),
    "processor that fails once": ([], {"config": f"s5000\n!{TWICE}; wc -c\n"}, MANY),
    "wrong address": ([], {"config": "u1.2.3\npa\n"}, b"one\n"),
    "wrong port": ([], {"config": "u1.2.3.4:x\n"}, b"one\n"),
    "no address": ([], {"config": "Ux\n"}, b"one\n"),
    "addresses that are none": ([], {"config": "u\nu300.1.1.1\nu127.0.0.1x\nu127.0.0.1:99999\n"}, b"one\n"),
    "lines of one kind twice": ([], {"config": "pa\npb\ns3000\ns400\nn1\nn2\n!cat\n!tr a-z A-Z\n"}, MANY),
    "stars and pluses": ([], {"config": "-*\n+**e\n+*+x\n+\\*\n"}, b"one\n*e\nonee\noxx\n\\x\n+\n"),
    "odd units": ([], {"config": "s2kk\nt1000x\nn-1\nN 5\n"}, MANY),
    "a config with NUL": ([], {"config": "pa\0b\nn2\n"}, b"one\n"),
    "newlines replaced": (["-R", "\n", "-r", "\n"], {}, b"a\nb\0c\n"),
    "strangers": (
        ["-v"],
        {"@zzz.s": "q", "@40000000000000000000000a.u.x": "q", "@40000000000000000000000c": "q", "config": "n1\ns400\n"},
        MANY,
    ),
    "left for a processor": (
        [],
        {"@40000000000000000000000b.u": "left\n", "@40000000000000000000000b.t": "half", "config": "!cat\n"},
        b"one\n",
    ),
    "of odd modes": ([], {"current": ("abc", 0o100)}, b"one\n"),
}


@pytest.mark.parametrize("case", TABLE)
def test_the_same_files(tmp_path, case):
    words, files, data = TABLE[case]
    real, ours = both(tmp_path, {"log": files}, lambda logger: logger.run([*words, "log"], data))
    assert ours == real
    assert real[0] == 0 and any(name == b"log/current" for name, _, _ in real[2])


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["-z", "a"],
        ["-r"],
        ["-r", "ab", "a"],
        ["-r", "", "a"],
        ["-l", "1024", "a"],
        ["-l", "10", "-b", "10", "a"],
        ["-l", "x", "-b", "99999999999999999999", "a"],
        ["-R", "abc", "-r", "xy", "a"],
        ["--help"],
        ["--help", "a"],
        ["-b", "1000", "a"],
        ["-l", "0", "-b", "0", "a"],
        ["missing"],
        ["file"],
        ["missing", "a", "file", "b"],
        ["a", "a"],
        ["-v", "a", "b/", "./missing"],
    ],
)
def test_the_same_command_lines(tmp_path, words):
    def do(logger):
        (logger.top / "file").write_text("")
        return logger.run(words, b"one\ntwo\n")

    real, ours = both(tmp_path, {"a": {}, "b": {"config": "-t*\n"}}, do)
    assert ours == real


def test_the_same_signals(tmp_path):
    def do(logger):
        logger.start("-v", "log", "other")
        logger.write(b"one\n")
        logger.wait_for("other/current", b"one\n")
        logger.signal("ALRM")
        eventually(lambda: len(logger.olds("log")) == len(logger.olds("other")) == 1, "both are rotated")
        logger.write(b"two\n")
        logger.wait_for("other/current", b"two\n")
        (logger.top / "log/config").write_text("pnew: \n")
        shutil.rmtree(logger.top / "other")
        logger.signal("HUP")
        eventually(lambda: b"unable to open log directory: other" in logger.read("said"), "it read again")
        logger.write(b"three\n")
        logger.wait_for("log/current", b"two\nnew: three\n")
        logger.signal("TERM")
        logger.process.wait(DEADLINE)
        return logger.seen()

    real, ours = both(tmp_path, {"log": {}, "other": {}}, do)
    assert ours == real and real[0] == 0


def test_the_age_of_a_file(tmp_path):
    def do(logger):
        logger.start("log")
        logger.write(b"one\n")
        eventually(lambda: logger.olds("log"), "it is rotated without another line")
        logger.write(b"two\n")
        return logger.end()[0]

    assert both(tmp_path, {"log": {"config": "t1\n"}}, do) == [0, 0]


def test_udp(tmp_path):
    def do(logger):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind(("127.0.0.1", 0))
            server.settimeout(DEADLINE)
            address = f"127.0.0.1:{server.getsockname()[1]}"
            (logger.top / "log/config").write_text(f"u{address}\npweb: \n")
            (logger.top / "only/config").write_text(f"U{address}\n-two*\n")
            _, said, files = logger.run(["-l", "12", "-tt", "log", "only"], b"one\ntwo and a half is too long\n")
            sent = sorted(masked(server.recv(4096)) for _ in range(3))
            return said, sent, [file for file in files if b"config" not in file[0]]

    real, ours = both(tmp_path, {"log": {}, "only": {}}, do)
    assert ours == real and real[1][2] == b"TIME web: two and a ha...\n"


# --- ours alone


def ours(tmp_path, **files):
    return Logger(tmp_path, "ours", {"log": files})


def test_the_last_line_counts_without_its_newline(tmp_path):
    """Debian's throws it away."""
    logger = ours(tmp_path)
    logger.run(["log"], b"one\nlast words")
    assert logger.read("log/current") == b"one\nlast words\n"


def test_term_ends_it_with_the_line(tmp_path):
    """Debian's means to, and loses that line."""
    logger = ours(tmp_path).start("-v", "log")
    logger.write(b"one\ntwo")
    logger.wait_for("log/current", b"one\n")
    logger.signal("TERM")
    eventually(lambda: b"sigterm received" in logger.read("said"), "it is told")
    logger.write(b" and a half\nthree\n")
    assert logger.process.wait(DEADLINE) == 0
    assert logger.read("log/current") == b"one\ntwo and a half\n"


def test_a_processor_that_is_killed_has_failed(tmp_path):
    logger = ours(tmp_path, config="s5000\n![ -e tried ] || { touch tried; kill -9 $$; }; wc -c\n")
    code, said, _ = logger.run(["log"], MANY)
    assert code == 0 and said.startswith(b"svlogd: warning: processor failed, restart: log\n")
    assert [name[-1] for name in logger.olds("log")] == ["s"]


def test_a_full_disk_takes_old_files_and_loses_no_line(tmp_path):
    logger = ours(tmp_path, config="s20000\nn50\nN2\n")
    mount = f'mount -t tmpfs -o size=200k tmpfs "$1" && cp config "$1/config" && shift && exec "$@"'
    shutil.copy(logger.top / "log/config", logger.top / "config")
    script = ["unshare", "--mount", "sh", "-c", mount, "sh", "log"]
    # All that is in there goes with the namespace: looked at from within, at the end.
    data = b"".join(b"%06d\n" % n for n in range(60000))
    look = "cat log/@*.s log/current | sort -n | tail -1; ls log | grep -c @"
    result = subprocess.run(
        [*script, "sh", "-c", f"./svlogd log && {look}"],
        input=data,
        capture_output=True,
        cwd=logger.top,
        timeout=DEADLINE,
        check=True,
    )
    newest, count = result.stdout.split()
    assert newest == b"059999" and 2 <= int(count) <= 10
    assert b"svlogd: warning: out of disk space, delete: log/@" in result.stderr


def test_a_config_of_nonsense_is_survived(tmp_path):
    logger = ours(tmp_path)
    (logger.top / "log/config").write_bytes(bytes(range(256)) * 200)
    code, _, _ = logger.run(["log"], b"one\n")
    assert code == 0
    assert pathlib.Path(logger.top / "log/current").exists()
    assert os.path.exists(logger.top / "log/lock")
