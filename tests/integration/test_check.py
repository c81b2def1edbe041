"""supervisor --check on prepared trees: each kind of mistake is found, and its line named."""

import json
import re
import shutil
import subprocess

import pytest

import namespace
from supervised import SUPERVISOR

SCRIPT = "#!/bin/sh\nexec sleep 1000\n"


def counted(number, word):
    return f"{number} {word}{'' if number == 1 else 's'}"


class Tree:
    """A root with definitions in etc/sv and enabled services in etc/service."""

    def __init__(self, root):
        self.root = root
        for directory in ("etc/sv", "etc/service", "bin", "usr/bin"):
            (root / directory).mkdir(parents=True)
        self.write("bin/sh", "\x7fELF", mode=0o755)
        self.write("etc/passwd", "root:x:0:0::/:/bin/sh\nwww:x:33:33::/:/bin/sh\n")
        self.write("etc/group", "root:x:0:\nwww:x:33:\n")

    def write(self, path, text="", mode=0o644):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
        file.chmod(mode)

    def link(self, path, target):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.symlink_to(target)

    def enable(self, name, directory=None):
        self.link(f"etc/service/{name}", f"/etc/sv/{directory or name}")

    def add(self, name, conf=None, run=SCRIPT):
        if run is not None:
            self.write(f"etc/sv/{name}/run", run, mode=0o755)
        if conf is not None:
            self.write(f"etc/sv/{name}/service.conf", conf)
        self.enable(name)

    def check(self, *arguments):
        return subprocess.run(
            [SUPERVISOR, "--check", "--root", self.root, *arguments], capture_output=True, text=True
        )

    def lines(self):
        """What is found, without the root."""
        result = self.check()
        assert result.stderr == ""
        *lines, summary = result.stdout.splitlines()
        assert summary == (
            counted(sum(': error: ' in line for line in lines), "error")
            + ", "
            + counted(sum(': warning: ' in line for line in lines), "warning")
        )
        assert result.returncode == (0 if summary.startswith("0 errors") else 1)
        return [line.removeprefix(str(self.root)) for line in lines]


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path / "root")


def test_a_sound_tree_has_nothing_wrong(tree):
    tree.add("db")
    tree.add("web", "needs = db\nuser = www\ngroup = www\n")
    assert tree.lines() == []


def test_every_mistake_of_a_conf_is_told_with_line_and_column(tree):
    tree.add("web", "nicee = 1\n\nnice = 100\nexec = a\nuser = nobody-here\nneeds = dbx\n")
    tree.add("db")
    conf = "/etc/sv/web/service.conf"
    assert tree.lines() == [
        f"{conf}:1:1: error: there is no key 'nicee'; did you mean nice?",
        f"{conf}:3:8: error: nice: '100' is not a number from -20 to 19; for example nice = 5",
        f"{conf}:4:1: error: exec is given, and the file run is there, too; remove one of them",
        f"{conf}:5:8: error: there is no user 'nobody-here' in /etc/passwd",
        f"{conf}:6:9: error: needs: there is no service 'dbx'; did you mean db?",
    ]


def test_cycles_are_spelled_out(tree):
    tree.add("a", "needs = b\n")
    tree.add("b", "after = c\n")
    tree.add("c", "# first\nneeds = a\n")
    assert tree.lines() == [
        "/etc/sv/a/service.conf:1:9: error: a cycle, in which each waits for the next: "
        "a -> b -> c -> a"
    ]


def test_programs_that_cannot_be_executed(tree):
    run = "/etc/sv/{}/run"
    tree.add("crlf", run="#!/bin/sh\r\nexec x\r\n")
    tree.add("ksh", run="#!/bin/ksh\n")
    tree.add("text", run="exec x\n")
    tree.write("etc/sv/mode/run", SCRIPT)
    tree.enable("mode")
    tree.write("etc/sv/none/finish", SCRIPT, mode=0o755)
    tree.enable("none")
    (tree.root / "etc/sv/dir/run").mkdir(parents=True)
    tree.enable("dir")
    tree.link("etc/sv/dangling/run", "nowhere")
    tree.enable("dangling")
    tree.link("etc/sv/linked/run", "/bin/sh")
    tree.enable("linked")
    assert tree.lines() == [
        f"{run.format('crlf')}: error: run: its first line ends in a carriage return, which the "
        "kernel takes for a part of it; save it with Unix line ends",
        f"{run.format('dangling')}: error: run: a symbolic link that leads nowhere",
        f"{run.format('dir')}: error: run: a directory, not a program",
        f"{run.format('ksh')}: error: run: its interpreter /bin/ksh: there is no such file",
        f"{run.format('mode')}: error: run: not executable; chmod +x",
        f"{run.format('none')}: error: run: there is no such file",
        f"{run.format('text')}: error: run: neither a program nor a script; its first line must "
        "begin with #!",
    ]


def test_programs_that_a_conf_names(tree):
    conf = "/etc/sv/{}/service.conf"
    tree.add("absolute", "exec = /bin/none\nexec-stop = /bin/sh\n", run=None)
    tree.add("bare", "exec = \\\n  none -x\n", run=None)
    tree.add("own", "exec = ./serve\n", run=None)
    tree.write("etc/sv/own/serve", SCRIPT, mode=0o755)
    tree.write("jail/bin/inside", SCRIPT, mode=0o755)
    tree.add("jail", "chroot = /jail\nexec = /bin/inside\n", run=None)
    tree.add("path", "exec = sh -c true\n", run=None)
    assert tree.lines() == [
        f"{conf.format('absolute')}:1:8: error: /bin/none: there is no such file",
        f"{conf.format('bare')}:2:3: warning: none: there is no such file in the usual PATH",
    ]


def test_entries_that_are_no_services(tree):
    tree.add("web")
    tree.enable("gone")
    tree.enable("twin", "web")
    tree.write("etc/service/README")
    tree.link("etc/service/.hidden", "nowhere")
    tree.write("etc/sv/a b/run", SCRIPT, mode=0o755)
    tree.enable("a b")
    assert tree.lines() == [
        "/etc/service/README: warning: not a directory, so not a service",
        "/etc/service/a b: warning: an odd name; better is one of A-Z a-z 0-9 @ . _ + : and -",
        "/etc/service/gone: error: a symbolic link that leads nowhere",
        "/etc/service/web: warning: leads to the same directory as /etc/service/twin; two "
        "services would share its files; use a template instead".replace(
            "/etc/service/twin", str(tree.root) + "/etc/service/twin"
        ),
    ]


def test_names_that_no_service_can_have(tree):
    """And they do not reach the terminal as they are."""
    tree.write("etc/sv/web/run", SCRIPT, mode=0o755)
    for name in ("new\nline", "\x1b[31mred", "x" * 128):
        tree.enable(name, "web")
    found = "".join(line + "\n" for line in tree.lines())
    for name, fault in {
        "new?line": "its name has control characters",
        "?[31mred": "its name has control characters",
        "x" * 128: "its name has more than 127 bytes",
    }.items():
        assert f"/etc/service/{name}: error: not a service: {fault}\n" in found
    assert "\x1b" not in found


def test_a_service_directory_is_not_taken_for_a_directory_of_services(tree):
    tree.add("web")
    result = tree.check("/etc/sv/web")
    assert result.returncode == 1
    assert result.stdout == (
        f"{tree.root}/etc/sv/web: error: a service directory itself; give the directory that holds it\n"
        "1 error, 0 warnings\n"
    )


def test_templates(tree):
    tree.add("getty@", "exec = /bin/sh %i\ntty = /dev/%i\n", run=None)
    tree.enable("getty@tty1", "getty@")
    tree.add("plain", "exec = /bin/sh %i\n", run=None)
    assert tree.lines() == [
        "/etc/service/getty@: error: a template, which cannot run by itself; enable it by a "
        "symbolic link getty@INSTANCE",
        "/etc/sv/plain/service.conf:1:16: error: exec: %i is the instance of a template, and this "
        "is none; write %% for a percent sign",
    ]


def test_loggers_and_small_files(tree):
    tree.add("web")
    tree.write("etc/sv/web/log/run", SCRIPT)
    tree.write("etc/sv/web/control/t", SCRIPT)
    tree.write("etc/sv/web/env/A=B", "x")
    tree.write("etc/sv/web/timeout-kill", "soon")
    tree.add("api")
    tree.link("etc/sv/api/log", "nowhere")
    assert tree.lines() == [
        "/etc/sv/api/log: error: a symbolic link that leads nowhere; the output stays in memory",
        "/etc/sv/web/control/t: warning: not executable, so it is not run; chmod +x",
        "/etc/sv/web/env/A=B: error: the name of a variable cannot hold a =; rename the file",
        "/etc/sv/web/log/run: error: run: not executable; chmod +x",
        "/etc/sv/web/timeout-kill: error: not a number of milliseconds; the stop timeout stays "
        "10 s",
    ]


def test_a_logger_that_services_share_is_checked_once(tree):
    tree.add("api")
    tree.add("web")
    tree.add("logger")
    for name in ("api", "web"):
        tree.link(f"etc/sv/{name}/log", "../logger")
    assert tree.lines() == []
    (tree.root / "etc/sv/logger/run").unlink()
    assert tree.lines() == ["/etc/sv/logger/run: error: run: there is no such file"]


def test_what_is_not_enabled_is_checked_too(tree):
    tree.add("web", "needs = db\nconflicts = api\nafter = vendor\n")
    tree.add("api")
    tree.write("etc/sv/db/run", SCRIPT)
    tree.write("usr/lib/sv/vendor/run", SCRIPT, mode=0o755)
    tree.write("usr/lib/sv/db/service.conf", "hidden by the one in /etc")
    assert tree.lines() == [
        "/etc/sv/db: note: this service is not enabled",
        "/etc/sv/db/run: error: run: not executable; chmod +x",
        "/etc/sv/web/service.conf:1:9: error: needs db, which is not enabled; enable it, too",
        "/etc/sv/web/service.conf:2:13: warning: conflicts with api, and both are enabled: one "
        "will stop the other",
    ]


def test_links_never_leave_the_root(tree):
    outside = tree.root.parent / "outside"
    outside.mkdir()
    (outside / "run").write_text("not seen")
    tree.link("etc/service/web", f"../../../../../../..{outside}")
    tree.link("etc/service/other", str(outside))
    assert tree.lines() == [
        "/etc/service/other: error: a symbolic link that leads nowhere",
        "/etc/service/web: error: a symbolic link that leads nowhere",
    ]


def test_json_is_an_object_a_line(tree):
    tree.add("web", "nice = x\nwants = db\n")
    tree.write("etc/service/README")
    result = tree.check("--json")
    assert result.returncode == 1
    *problems, end = [json.loads(line) for line in result.stdout.splitlines()]
    assert end == {"done": True, "errors": 2, "warnings": 1}
    assert problems[1] == {
        "file": f"{tree.root}/etc/sv/web/service.conf",
        "line": 1,
        "column": 8,
        "severity": "error",
        "message": "nice: 'x' is not a number from -20 to 19; for example nice = 5",
    }
    assert [problem["severity"] for problem in problems] == ["warning", "error", "error"]


def test_a_directory_on_the_machine_is_checked_by_itself(tmp_path):
    (tmp_path / "web").mkdir()
    (tmp_path / "web/run").write_text("#!/bin/sh\n")
    result = subprocess.run([SUPERVISOR, "--check", tmp_path], capture_output=True, text=True)
    assert result.stdout == (
        f"{tmp_path}/web/run: error: run: not executable; chmod +x\n1 error, 0 warnings\n"
    )
    assert result.returncode == 1


def test_what_is_not_there_is_an_error(tmp_path):
    result = subprocess.run(
        [SUPERVISOR, "--check", tmp_path / "none"], capture_output=True, text=True
    )
    assert result.stdout.startswith(f"{tmp_path}/none: error: No such file or directory\n")
    assert result.returncode == 1
    result = subprocess.run(
        [SUPERVISOR, "--check", "--root", tmp_path / "none"], capture_output=True, text=True
    )
    assert result.stdout.startswith(f"{tmp_path}/none: error: No such file or directory\n")
    assert result.returncode == 1


def test_a_wrong_command_line_is_a_usage_error():
    result = subprocess.run([SUPERVISOR, "--check", "--jsn"], capture_output=True, text=True)
    assert result.returncode == 2
    assert "did you mean --json?" in result.stderr


EXAMPLES = namespace.TOP / "etc-examples"


@pytest.fixture
def example_root(tmp_path):
    """etc-examples as /etc of a root where every example is enabled and its programs are there."""
    root = tmp_path / "root"
    shutil.copytree(EXAMPLES, root / "etc", symlinks=True)
    enabled = root / "etc/service"
    enabled.mkdir()
    for directory in (EXAMPLES / "sv").iterdir():
        name = directory.name + ("tty1" if directory.name.endswith("@") else "")
        (enabled / name).symlink_to(f"/etc/sv/{directory.name}")
    # Whom Debian's package makes; the example system has no redis.
    for file, account in (("passwd", "redis:x:102:106::/:/bin/false"), ("group", "redis:x:106:")):
        with (root / "etc" / file).open("a") as text:
            text.write(account + "\n")
    return root


def test_the_examples_have_no_mistakes(example_root):
    # batch is in conflict with web on purpose, so it is not enabled beside it.
    (example_root / "etc/service/batch").unlink()
    programs = {"bin/sh", "bin/bash"}
    while True:
        for program in programs:
            file = example_root / program
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"\x7fELF")
            file.chmod(0o755)
        result = subprocess.run(
            [SUPERVISOR, "--check", "--root", example_root, "--json"], capture_output=True, text=True
        )
        *problems, end = [json.loads(line) for line in result.stdout.splitlines()]
        assert end["errors"] == 0, problems
        # What an image would have to bring is not a part of the examples.
        missing = {
            directory + problem["message"].split(":")[0]
            for problem in problems
            for directory in ("usr/bin/", "srv/batch/usr/bin/")
            if problem["message"].endswith("there is no such file in the usual PATH")
        }
        if not missing - programs:
            break
        programs |= missing
    assert [problem for problem in problems if problem["severity"] != "note"] == []


def keys_of(path):
    """The keys that a conf gives, continued lines aside."""
    lines = path.read_text().replace("\\\n", "").splitlines()
    return {line.split("=")[0].strip() for line in lines if "=" in line and not line.startswith("#")}


def known_keys():
    """From the manual page, which a unit test holds to the table of the parser."""
    manual = (namespace.TOP / "docs/man/service.conf.5").read_text()
    return set(re.findall(r"^\.It Cm (\S+) No = ", manual, re.MULTILINE))


def test_every_key_is_in_an_example():
    confs = [*EXAMPLES.glob("sv/*/service.conf"), *EXAMPLES.glob("sv/*/service.conf.d/*.conf")]
    given = set().union(*(keys_of(path) for path in confs))
    assert len(known_keys()) > 70
    assert given == known_keys()
