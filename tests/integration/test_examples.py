"""etc-examples: people copy these, so each file is checked for what would hurt them."""

import os
import re
import subprocess

import pytest

from namespace import BUSYBOX, PROGRAMS, TOP

EXAMPLES = TOP / "etc-examples"


def files():
    return [path for path in EXAMPLES.rglob("*") if path.is_file() and not path.is_symlink()]


def named(paths):
    return pytest.mark.parametrize("path", sorted(paths), ids=lambda p: str(p.relative_to(EXAMPLES)))


def records(name, fields):
    """The lines of a passwd-like file as lists, each with the number of fields it must have."""
    lines = (EXAMPLES / name).read_text().splitlines()
    found = [line.split(":") for line in lines if not line.startswith("#")]
    assert all(len(record) == fields for record in found), name
    return found


@named(path for path in files() if path.read_bytes().startswith(b"#!"))
def test_scripts_are_executable_and_parse(path):
    assert os.access(path, os.X_OK)
    subprocess.run([BUSYBOX, "sh", "-n", path], check=True)


@named(path / "run" for path in EXAMPLES.glob("init.d/*") if path.is_dir())
def test_service_directories_have_a_run_script_that_becomes_the_service(path):
    script = path.read_text()
    assert script.startswith("#!/bin/sh\n")
    assert "\nexec 2>&1\n" in script, "what it says on standard error is to be logged, too"
    assert script.splitlines()[-1].startswith("exec ")


@named(path for path in EXAMPLES.rglob("*") if path.is_symlink())
def test_links_lead_somewhere_in_the_tree(path):
    assert not os.path.isabs(os.readlink(path))
    assert path.resolve(strict=True).is_relative_to(EXAMPLES)


@named(EXAMPLES.glob("rc.d/*"))
def test_enabled_services_are_links_to_service_directories(path):
    assert path.is_symlink()
    assert (path / "run").is_file()


@named(EXAMPLES.glob("inittab*"))
def test_inittabs_pass_the_lint(path):
    result = subprocess.run(
        [PROGRAMS / "init", "--check", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert (result.returncode, result.stdout) == (0, "")


@named(EXAMPLES.glob("inittab*"))
def test_inittabs_run_only_what_is_there(path):
    """A command of ours must be in etc-examples; any other, one of busybox or Mainstay."""
    applets = subprocess.check_output([BUSYBOX, "--list"], text=True).split()
    known = {*applets, "init", "supervisor", "reboot", "telinit"}
    for line in path.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        _, _, action, command = line.split(":", 3)
        if action == "initdefault":
            continue
        program = command.split()[0].lstrip("-")
        if program.startswith("/etc/"):
            assert os.access(EXAMPLES / program.removeprefix("/etc/"), os.X_OK), line
        elif action != "native":
            assert os.path.basename(program) in known, line


def test_the_groups_are_those_others_count_on():
    groups = {name: int(gid) for name, _, gid, _ in records("group", 4)}
    assert groups["root"] == 0
    assert groups["tty"] == 5, "init mounts /dev/pts with gid=5"
    assert "adm" in groups, "the control socket belongs to it"
    assert len(set(groups.values())) == len(groups)


def test_users_have_a_shadow_entry_and_a_group():
    users = records("passwd", 7)
    gids = {gid for _, _, gid, _ in records("group", 4)}
    assert [user[0] for user in users] == [entry[0] for entry in records("shadow", 9)]
    assert len({user[2] for user in users}) == len(users)
    for name, password, _, gid, _, home, shell in users:
        assert password == "x", f"{name}: its password belongs into shadow"
        assert gid in gids
        assert home.startswith("/") and shell.startswith("/bin/")


def test_nobody_but_root_can_log_in_without_a_password_and_the_file_says_so_loudly():
    assert [entry[0] for entry in records("shadow", 9) if entry[1] == ""] == ["root"]
    assert "NO PASSWORD" in (EXAMPLES / "shadow").read_text()


def test_groups_named_by_mdev_exist():
    groups = {record[0] for record in records("group", 4)}
    used = re.findall(r"\s\w+:(\w+)\s", (EXAMPLES / "mdev.conf").read_text())
    assert used and set(used) <= groups


def test_fstab_lines_have_six_fields():
    for line in (EXAMPLES / "fstab").read_text().splitlines():
        assert line.startswith("#") or len(line.split()) == 6, line


def test_the_host_knows_its_own_name():
    hostname = (EXAMPLES / "hostname").read_text().strip()
    assert re.search(rf"\b{hostname}$", (EXAMPLES / "hosts").read_text(), re.MULTILINE)
