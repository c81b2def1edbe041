"""docs/pid1-duties.md names for each duty of PID 1 the tests that show it: they are there."""

import re

from namespace import TOP

LIST = (TOP / "docs/pid1-duties.md").read_text()
# What the list is to have, whatever else is in it.
DUTIES = """mount signals module console stdio environment real root|switch_root|pivot_root|free the initramfs
power off, reboot, halt|ctrl-alt-del|SIGPWR|SIGWINCH"""


def rows():
    lines = [line for line in LIST.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def test_each_test_that_the_list_names_exists():
    for duty, _, shown_by in rows():
        names = re.findall(r"`(tests/\S+\.py)::(\w+)`", shown_by)
        assert names, f"nothing shows: {duty}"
        for path, name in names:
            assert f"\ndef {name}(" in (TOP / path).read_text(), f"{path} has no {name} ({duty})"


def test_no_duty_is_forgotten():
    duties = "\n".join(duty for duty, _, _ in rows())
    words = re.split(r"[|\n]", DUTIES)
    for word in [*words[0].split()[:6], "real root", *words[1:]]:
        assert word in duties, word
