"""Whatever single call of the supervisor, or of PID 1, fails, once, with 1,000 services: what
test_injected_supervisor.py and test_injected_init.py show, and each of the 1,000 stays the process that it is.

injection_among_many.py says how faults are chosen.
"""

import errno
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


def looks_at_memfd(symbols, fault, *places):
    """Who may not look at, or map, a memfd that he has is no case that a kernel has. Here it would count: what
    cannot be taken for the state table is not kept, and without one all services are started anew."""
    return fault.call.name in ("fcntl", "mmap") and symbols.name(fault.call.site).endswith(places)


def can_be_of_supervisor(symbols, fault):
    of_table = looks_at_memfd(symbols, fault, "Succession::open_kept", "StateMemory::open", "StateMemory::map")
    return is_no_answer(symbols, fault) and not (of_table and fault.error == errno.EPERM)


def can_be_of_init(symbols, fault):
    # The linker puts the keeper's function into those that call it.
    return not looks_at_memfd(symbols, fault, "Keeper::keep_table", "Keeper::obey", "SupervisorLink::next_of_dead")


def check(trials):
    trials.run()
    print(f"\n{trials.failed_calls} calls failed of {trials.tried}, {len(trials.problems)} mattered")
    assert not trials.problems, "\n\n".join(trials.problems)
    assert trials.failed_calls > 0


def test_any_call_of_the_supervisor_may_fail():
    check(TrialsAmongMany(Supervisor, nothing_in_particular, can_be_of_supervisor))


def test_any_call_of_init_may_fail():
    check(TrialsAmongMany(Init, lambda *of: is_to_be_said("machine", *of), can_be_of_init))
