"""Whatever single call of the supervisor, or of PID 1, fails, once, with 1,000 services: what
test_injected_supervisor.py and test_injected_init.py show, and each of the 1,000 stays the process that it is.

injection_among_many.py says how faults are chosen.
"""

import os
import re
import signal

import init_scenario
import supervisor_scenario
from faults import PROGRAM
from injection_among_many import AmongMany, TrialsAmongMany
from namespace import Pid1  # noqa: F401  (conftest.py knows by it that this needs root)
from test_injected_init import is_to_be_said
from test_injected_supervisor import is_no_answer, nothing_in_particular


class Supervisor(AmongMany, supervisor_scenario.System):
    LASTING = ["adoption", *supervisor_scenario.System.LASTING]

    def __init__(self, count, fault=None):
        super().__init__(count, scope=PROGRAM, fault=fault)

    def adoption(self):
        before = self.supervisor()
        os.kill(before, signal.SIGKILL)
        return lambda: self.supervisor() not in (None, before) and self.up()

    def _check_was_not_killed(self):
        """By anybody but this test."""
        killed = re.search(r"supervisor_faulty.*: killed by (?!KILL\b)\w+", self.transcript())
        assert not killed, killed[0]


class Init(AmongMany, init_scenario.System):
    LASTING = sorted(init_scenario.System.LASTING, key=lambda step: step != "supervisor_dies")

    def __init__(self, count, fault=None):
        super().__init__(count, kind="machine", scope=PROGRAM, fault=fault)


def check(trials):
    trials.run()
    print(f"\n{trials.failed_calls} calls failed of {trials.tried}, {len(trials.problems)} mattered")
    assert not trials.problems, "\n\n".join(trials.problems)
    assert trials.failed_calls > 0


def test_any_call_of_the_supervisor_may_fail():
    check(TrialsAmongMany(Supervisor, nothing_in_particular, is_no_answer))


def test_any_call_of_init_may_fail():
    check(TrialsAmongMany(Init, lambda *of: is_to_be_said("machine", *of), lambda symbols, fault: True))
