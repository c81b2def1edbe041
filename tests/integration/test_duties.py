"""docs/pid1-duties.md names for each duty of PID 1 the tests that show it: they are there."""

import re

import shown_by

LIST = "pid1-duties.md"
# What the list is to have, whatever else is in it.
DUTIES = """mount signals module console stdio environment real root|switch_root|pivot_root|free the initramfs
power off, reboot, halt|ctrl-alt-del|SIGPWR|SIGWINCH"""


def test_each_test_that_the_list_names_exists():
    for row in shown_by.rows(LIST):
        shown_by.check(row)


def test_no_duty_is_forgotten():
    duties = "\n".join(duty for duty, _, _ in shown_by.rows(LIST))
    words = re.split(r"[|\n]", DUTIES)
    for word in [*words[0].split()[:6], "real root", *words[1:]]:
        assert word in duties, word
