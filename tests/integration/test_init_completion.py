"""The completion of init's names for bash, driven in bash as readline does."""

import re
import subprocess

import pytest

from namespace import DEADLINE, PROGRAMS, TOP

COMPLETION = TOP / "init/completion/init.bash"
MANUAL = (TOP / "docs/man/init.8").read_text()
NAMES = re.findall(r"^\.Nm (\S+)", MANUAL.partition(".Nd")[0], re.M) + ["docker-init"]

CONTAINERS = ("tini", "docker-init", "dumb-init", "catatonit")

# A kernel whose modules are those of the test's directory.
DRIVER = r"""
source "$1"
_mainstay_module_list() { printf '%s/modules.dep' "$PWD"; }
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
[[ $(complete -p "${1##*/}") =~ -F\ ([^ ]+) ]]
"${BASH_REMATCH[1]}"
printf '%s\n' "${COMPREPLY[@]}"
"""
MODULES = """kernel/fs/ext4/ext4.ko: kernel/lib/crc16.ko
kernel/lib/crc16.ko:
kernel/drivers/extcon/extcon-core.ko.xz:
"""


def complete(directory, *words):
    result = subprocess.run(
        ["bash", "-c", DRIVER, "bash", COMPLETION, *words],
        capture_output=True,
        text=True,
        cwd=directory,
        timeout=DEADLINE,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout.split()


def help_of(program, *words):
    result = subprocess.run([program, *words], capture_output=True, text=True, timeout=DEADLINE, check=False)
    return result.stdout + result.stderr


@pytest.mark.parametrize("name", [name for name in NAMES if name != "runlevel"])
def test_options_are_those_of_the_help(tmp_path, name):
    program = tmp_path / name
    program.symlink_to(PROGRAMS / "init")
    offered = set(complete(tmp_path, name, "-"))
    text = help_of(program, "-h" if name in CONTAINERS else "--help")
    if name == "init":
        text += help_of(program, "-h", "--")
        offered |= set(complete(tmp_path, name, "--grace=1s", "-"))
    for option in offered - {"--help", "--"}:
        assert re.search(rf"(?<![\w-]){option}(?![\w-])", text), option
    listed = " ".join(re.findall(r"^ +(-.*?)(?:  |$)", text, re.M))
    assert set(re.findall(r"--?[\w-]+", listed)) <= offered


def test_a_level_is_offered_once(tmp_path):
    assert complete(tmp_path, "telinit", "") == [*"0123456789Sabcqu"]
    assert complete(tmp_path, "/sbin/init", "-t", "5", "S") == ["S"]
    assert complete(tmp_path, "init", "-t", "") == []
    assert complete(tmp_path, "init", "6", "") == []
    assert complete(tmp_path, "telinit", "-e", "") == ["INIT_"]
    (tmp_path / "inittab").touch()
    assert complete(tmp_path, "init", "--check", "ini") == ["inittab"]


@pytest.mark.parametrize("name", ["poweroff", "reboot", "halt"])
def test_who_ends_the_system_takes_no_words(tmp_path, name):
    assert complete(tmp_path, name, "") == []
    assert complete(tmp_path, name, "-f", "--no") == ["--no-sync"]


def test_shutdown_wants_a_time(tmp_path):
    assert complete(tmp_path, "shutdown", "") == complete(tmp_path, "shutdown", "-r", "n") == ["now"]
    assert complete(tmp_path, "shutdown", "-t", "") == []
    assert complete(tmp_path, "shutdown", "-c", "") == []
    assert complete(tmp_path, "shutdown", "now", "") == []


def test_runlevel_reads_a_file(tmp_path):
    (tmp_path / "wtmp").touch()
    assert complete(tmp_path, "runlevel", "w") == ["wtmp"]


def test_modules_are_those_of_the_kernel(tmp_path):
    assert complete(tmp_path, "modprobe", "") == []
    (tmp_path / "modules.dep").write_text(MODULES)
    assert complete(tmp_path, "modprobe", "") == ["ext4", "crc16", "extcon-core"]
    assert complete(tmp_path, "modprobe", "-q", "ext") == ["ext4", "extcon-core"]
    assert complete(tmp_path, "modprobe", "ext4", "") == []  # its options follow
    assert complete(tmp_path, "modprobe", "-a", "ext4", "cr") == ["crc16"]


@pytest.mark.parametrize(
    "words",
    [
        ["tini"],
        ["docker-init", "-g"],
        ["tini", "-e", "143", "-s"],
        ["tini", "--"],
        ["dumb-init", "--rewrite", "15:3", "--single-child"],
        ["catatonit", "-g"],
        ["init", "--"],
        ["init", "--services", "-v", "--"],
    ],
)
def test_an_init_of_a_command_is_followed_by_one(tmp_path, words):
    assert "bash" in complete(tmp_path, *words, "bas")
    (tmp_path / "data").touch()
    assert complete(tmp_path, *words, "cat", "dat") == ["data"]


def test_the_argument_of_an_option_is_no_command(tmp_path):
    assert complete(tmp_path, "tini", "-e", "") == []
    assert complete(tmp_path, "dumb-init", "-r", "b") == []
    assert complete(tmp_path, "tini", "-g", "-") == complete(tmp_path, "tini", "-")
