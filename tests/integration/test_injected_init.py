"""Whatever single call of init fails, once: PID 1 lives, what shall run runs, and it ends in order.

injection.py says how. Of all calls but those in SAID nobody notices that they failed: not the
entries, not the supervisor and its services, not whoever asks PID 1 for something.
"""

import errno
from functools import partial

import pytest

import faults
from faults import CHILDREN, PROGRAM
from init_scenario import System
from injection import Trials
from namespace import Pid1  # noqa: F401  (conftest.py knows by it that this needs root)

SAID = {"execvp", "fork", "mmap", "mount", "signalfd", "sethostname", "socket", "socketpair", "symlink"}


def is_to_be_said(kind, step, fault):
    # Where no child can be had to call reboot(2), PID 1 calls it itself.
    is_answered = step == System.END and fault.call.name == "fork"
    # What a container may not mount, or link in /dev, is the business of whoever made it.
    is_usual = kind == "container" and fault.call.name in ("mount", "symlink") and fault.error == errno.EPERM
    return fault.call.name in SAID and not is_answered and not is_usual


def can_be(scope, _symbols, fault):
    """A process that was just made leads no process group, so nothing keeps it from a session of its own."""
    return scope != CHILDREN or fault.call.name != "setsid"


@pytest.mark.parametrize("scope", [PROGRAM, CHILDREN], ids=["PID 1", "its children before exec"])
@pytest.mark.parametrize("kind", ["machine", "container"])
def test_any_call_may_fail(kind, scope):
    trials = Trials(
        lambda fault: System(kind, scope, fault),
        partial(is_to_be_said, kind),
        one_in=31,
        is_fault=partial(can_be, scope),
    )
    trials.run()
    print(f"\n{kind}, scope {scope}: {trials.failed_calls} calls failed, {len(trials.problems)} mattered")
    assert not trials.problems, "\n\n".join(trials.problems)
    assert trials.failed_calls > 0


def test_each_call_of_init_is_wrapped_or_cannot_fail():
    build = faults.FAULTY.parent
    objects = [*build.glob("init/CMakeFiles/init_edge.dir/*.o"), build / "init/libinit_core.a"]
    assert faults.unlisted_calls([*objects, build / "common/libcommon_core.a"]) == set()
