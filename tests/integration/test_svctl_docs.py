"""The manual page, the completion and the help of svctl name the same commands and options."""

import re

from svctl_runner import TOP, svctl
from test_svctl_completion import complete

MANUAL = (TOP / "docs/man/svctl.8").read_text()


def overview(tmp_path):
    result = svctl("help", control=tmp_path / "none")
    assert result.returncode == 0
    return result.stdout.split("\nOptions:\n")


def commands(tmp_path):
    names = []
    for line in overview(tmp_path)[0].splitlines():
        if match := re.match(r"  ([a-z0-9-]+)(?:, ([a-z0-9-]+))?(?: |$)", line):
            names += [name for name in match.groups() if name]
    assert len(names) == 41
    return names


def options(tmp_path):
    text = overview(tmp_path)[1].split("\n\n")[0]
    return re.findall(r"^  (?:(-\w), )?(--[a-z-]+)", text, re.MULTILINE)


def test_the_manual_has_every_command(tmp_path):
    items = re.findall(r"^\.It Cm (.*)$", MANUAL, re.MULTILINE)
    named = {word.strip(",") for item in items for word in item.split()}
    assert set(commands(tmp_path)) - named == set()


def test_the_manual_has_every_option_and_no_other(tmp_path):
    documented = set()
    for item in re.findall(r"^\.It .*?Fl (.*)$", MANUAL, re.MULTILINE):
        item = item.split(" Oc")[0].split(" Ar")[0].replace(" |", ",")
        documented |= {f"-{word}" for word in re.findall(r"(?:^|, )(-?[a-z-]+)", item)}
    expected = {name for pair in options(tmp_path) for name in pair if name}
    assert documented == expected


def test_the_completion_offers_every_command_and_option(tmp_path):
    assert sorted(complete(tmp_path, "")) == sorted(commands(tmp_path))
    assert complete(tmp_path, "--") == [long for _, long in options(tmp_path)]


def test_every_command_has_a_page_of_help(tmp_path):
    for name in commands(tmp_path):
        result = svctl("help", name, control=tmp_path / "none")
        assert (result.returncode, result.stderr) == (0, "")
        assert result.stdout.startswith("usage: svctl [OPTION...] ")


def test_the_protocol_names_every_verb():
    words = (TOP / "common/protocol_words.cpp").read_text()
    verbs = re.findall(r'case Verb::\w+:\s+return "([a-z-]+)";', words)
    assert len(verbs) == 25
    protocol = (TOP / "docs/protocol.md").read_text()
    for verb in verbs:
        assert f"| `{verb}` |" in protocol, verb
