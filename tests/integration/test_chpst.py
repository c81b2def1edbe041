"""chpst and its other names beside Debian's: the same outcome, the same words, the same exit codes."""

import fcntl
import os
import pathlib
import subprocess

import pytest

from runit_tree import PEERS, fetch_peers
from supervised import DEADLINE, SUPERVISOR, eventually

SHOW = [
    "sh",
    "-c",
    """echo "$0"; pwd; id -u; id -g; id -G; nice; ulimit -a | sort
    env | grep -v -e '^_=' -e '^PWD=' -e '^OLDPWD=' -e '^SHLVL=' | sort
    for fd in 0 1 2 3 4; do [ -e /proc/self/fd/$fd ] && echo $fd; done >&9
    test "$(ps -o sid= -p $$)" -eq $$ && echo session""",
]
NAMES = ["chpst", "setuidgid", "envuidgid", "envdir", "pgrphack", "setlock", "softlimit", "denvdir"]


@pytest.fixture(scope="module", autouse=True)
def peers():
    fetch_peers()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    top = tmp_path_factory.mktemp("chpst")
    for kind, program in (("real", PEERS / "chpst"), ("ours", SUPERVISOR)):
        (top / kind).mkdir()
        for name in NAMES:
            (top / kind / name).symlink_to(program)
    env = top / "env"
    env.mkdir()
    values = {"PLAIN": "value\nsecond", "BLANKS": "a b \t \t\n", "EMPTY_LINE": "\n", "GONE": "", "NUL": "a\0b",
              "A=B": "c", ".hidden": "x", "HOME": ""}
    for name, text in values.items():
        (env / name).write_text(text)
    (top / "other-path").mkdir()
    (top / "other-path/PATH").write_text("/nowhere")
    (top / "with-directory").mkdir()
    (top / "with-directory/inner").mkdir()
    (top / "with-directory/ALSO").write_text("1")
    (top / "plain").write_text("no program")
    (top / "script").write_text("#!/nowhere/sh\n")
    (top / "script").chmod(0o755)
    (top / "root/bin").mkdir(parents=True)
    with open(top / "held", "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield top


def run(place, kind, name, words, path=None):
    """Exit code, output and errors, and what descriptors there are."""
    read, write = os.pipe()
    result = subprocess.run(
        [place / kind / name, *words],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        cwd=place,
        timeout=DEADLINE,
        env={"PATH": path or os.environ["PATH"], "HOME": "/root", "GONE": "here", "LANG": "C"},
        preexec_fn=lambda: (os.dup2(write, 9), os.setpgid(0, 0)),
        pass_fds=[9],
        check=False,
    )
    os.close(write)
    with open(read, "rb") as descriptors:
        seen = descriptors.read()
    return result.returncode, result.stdout, result.stderr.replace(b" [-C pwd]", b""), seen


CHPST = [
    [],
    ["-v"],
    ["-z", "true"],
    ["-u"],
    ["-n", "x", "true"],
    ["-n", "+3", *SHOW],
    ["-n", "-3", *SHOW],
    ["-n5", "-v", *SHOW],
    ["-m", "1x", "true"],
    ["-m", "", *SHOW],
    ["-d", "90000000", "-o", "77", "-p", "1000", "-f", "100000", "-c", "0", "-r", "9", "-t", "50", *SHOW],
    ["-m", "100000000", *SHOW],
    ["-o", "99999999999", *SHOW],
    ["-e", "env", *SHOW],
    ["-e", "env", "-b", "called", *SHOW],
    ["-e", "with-directory", *SHOW],
    ["-v", "-e", "with-directory", *SHOW],
    ["-e", "other-path", "printenv", "PATH"],
    ["-e", "nowhere", "true"],
    ["-e", "plain", "true"],
    ["-b", "other", *SHOW],
    ["-b", "other", "nowhere"],
    ["-u", "nobody", *SHOW],
    ["-u", "nobody:daemon", *SHOW],
    ["-u", "nobody:daemon:adm:www-data", *SHOW],
    ["-u", ":1234:55", *SHOW],
    ["-u", ":1234:55:66:77", *SHOW],
    ["-u", ":1234", "true"],
    ["-u", ":1234:5x", "true"],
    ["-u", ":", "true"],
    ["-u", "nosuchuser", "true"],
    ["-u", "nobody:nosuchgroup", "true"],
    ["-u", "1234", "true"],
    ["-u", "", "true"],
    ["-U", "nobody", *SHOW],
    ["-U", "nobody:adm:daemon", *SHOW],
    ["-U", ":7:8", *SHOW],
    ["-u", "nobody", "-U", "daemon", *SHOW],
    ["-P", *SHOW],
    ["-0", *SHOW],
    ["-2", *SHOW],
    ["-012", *SHOW],
    ["-l", "lock", *SHOW],
    ["-L", "lock", *SHOW],
    ["-L", "held", "true"],
    ["-l", "nowhere/lock", "true"],
    ["-l", "a", "-L", "b", "true"],
    ["-/", "root", "/bin/true"],
    ["-/", "nowhere", "true"],
    ["-/", "plain", "true"],
    ["nowhere"],
    ["./nowhere"],
    ["./plain"],
    ["./script"],
    ["/"],
    ["--", "true"],
    ["--help", *SHOW],
    ["--help"],
    ["-", "true"],
    ["false"],
    ["-u", ":1:2:", *SHOW],
    ["-u", ":99999999999:5", *SHOW],
    ["-u", ":1:2::3", *SHOW],
    ["-u", "nobody:", *SHOW],
    ["-b", "", *SHOW],
    ["-e", "env", "-e", "with-directory", *SHOW],
    ["-/", "", "true"],
    ["-/", "/", *SHOW],
    ["-n", "--3", "true"],
    ["-o", "-1", *SHOW],
    ["-o", " 5", *SHOW],
    ["-t", "1", *SHOW],
    ["-l", "", "true"],
    ["-vPn5", *SHOW],
    ["./" + "x" * 5000],
    [""],
]
OTHERS = {
    "setuidgid": [[], ["nobody"], ["nobody", *SHOW], ["nosuch", "true"], ["nobody:adm", "true"], ["nobody", "nowhere"]],
    "envuidgid": [[], ["nobody"], ["nobody", *SHOW], ["nosuch", "true"], [":1:2", "true"]],
    "envdir": [[], ["env"], ["env", *SHOW], ["with-directory", "true"], ["nowhere", "true"], ["env", "nowhere"]],
    "denvdir": [[], ["env", *SHOW]],
    "pgrphack": [[], SHOW, ["nowhere"]],
    "setlock": [
        [], ["lock"], ["-z"], ["lock", *SHOW], ["-n", "lock", *SHOW], ["held", "true"], ["-x", "held", "true"],
        ["-xX", "held", "true"], ["-N", "nowhere/lock", "true"], ["-x", "nowhere/lock", "true"], ["-x", "lock", "nowhere"],
        ["lock", "nowhere"], ["-nN", "lock", "true"], ["-x", "with-directory", "true"],
    ],
    "softlimit": [
        [], ["-z"], ["-o", "50", *SHOW], ["-o", "=", *SHOW], ["-o", "x", "true"], ["-m", "90000000", *SHOW],
        ["-m", "=", *SHOW], ["-a", "900000000", "-c", "1024", "-d", "90000000", "-f", "9999", "-l", "4096", "-p", "500",
                             "-r", "5000", "-s", "1000000", "-t", "9", *SHOW],
        ["true"], ["nowhere"],
    ],
}  # fmt: skip
TABLE = [("chpst", words) for words in CHPST] + [(name, words) for name, all_ in OTHERS.items() for words in all_]


@pytest.mark.parametrize("name, words", TABLE, ids=lambda part: part if isinstance(part, str) else " ".join(part)[:40])
def test_as_the_real_one(place, name, words):
    assert run(place, "ours", name, words) == run(place, "real", name, words)


@pytest.mark.parametrize("path", ["", ":", "/nowhere:.", "plain:/bin", ".:/bin"])
def test_where_programs_are_looked_for(place, path):
    for program in ("true", "plain", "script"):
        assert run(place, "ours", "chpst", [program], path) == run(place, "real", "chpst", [program], path)


def test_a_working_directory(place):
    """-C is of runit 2.3.0, which Debian does not have yet; it counts in the new root."""
    assert run(place, "ours", "chpst", ["-C", "env", "pwd"])[1] == f"{place}/env\n".encode()
    assert run(place, "ours", "chpst", ["-/", "root", "-C", "bin", "-e", "env", "nowhere"])[0] == 111
    failed = run(place, "ours", "chpst", ["-C", "nowhere", "true"])
    assert failed[0] == 111 and failed[2] == b"chpst: fatal: unable to change directory: nowhere: file does not exist\n"


def test_a_lock_is_waited_for(place):
    with open(place / "waited", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = subprocess.Popen([place / "ours/chpst", "-l", "waited", "true"], cwd=place)
        inode = f":{os.stat(place / 'waited').st_ino} "

        def waits():
            lines = pathlib.Path("/proc/locks").read_text().splitlines()
            return any("->" in line and inode in line for line in lines)

        eventually(waits, "it waits")
        fcntl.flock(lock, fcntl.LOCK_UN)
        assert waiting.wait(DEADLINE) == 0
