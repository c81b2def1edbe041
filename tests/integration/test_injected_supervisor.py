"""Whatever single call of the supervisor fails, once: it goes on, or ends with a word and is started
again by PID 1; in the end all services run, it answers, and the system goes down in order.

injection.py says how.
"""

import errno

import faults
from faults import PROGRAM
from injection import Trials
from namespace import Pid1  # noqa: F401  (conftest.py knows by it that this needs root)
from supervisor_scenario import System


def nothing_in_particular(step, fault):
    """That a service could not be started is said with the service; tests/unit is particular."""
    return False


def is_no_answer(symbols, fault):
    """That a definition may not be read is for good: its service fails, and is not tried again."""
    of_definition = symbols.name(fault.call.site).endswith(("FileTree::open", "OpenDirectory::open_entry"))
    return not (fault.error == errno.EPERM and of_definition)


def test_any_call_may_fail():
    trials = Trials(lambda fault: System(PROGRAM, fault), nothing_in_particular, one_in=211, is_fault=is_no_answer)
    trials.run()
    print(f"\nsupervisor: {trials.failed_calls} calls failed, {len(trials.problems)} mattered")
    assert not trials.problems, "\n\n".join(trials.problems)
    assert trials.failed_calls > 0


def test_each_call_of_the_supervisor_is_wrapped_or_cannot_fail():
    build = faults.FAULTY.parent
    objects = [
        *build.glob("supervisor/CMakeFiles/supervisor_lib.dir/*.o"),
        *build.glob("supervisor/*.a"),
        *build.glob("supervisor/svlog/*.a"),
        *build.glob("common/*.a"),
    ]
    assert faults.unlisted_calls(objects) == set()
