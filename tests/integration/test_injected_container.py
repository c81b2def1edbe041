"""Whatever single call fails of an init of a command: it does what it is for, or says why it does not."""

import os
import subprocess
import tempfile

import pytest

import faults
from container_init import DEADLINE
from namespace import Pid1  # noqa: F401  (conftest.py knows by it that this needs root)

# Leaves somebody behind, asks its init to stop until it is asked itself, and ends with a code of its own.
COMMAND = """
trap 'exit 5' TERM
x=$(sh -c 'exec sleep 1000 >/dev/null' &)
while :; do kill $PPID; sleep 0.05; done
"""
# Without these there may be no command to run.
FATAL = {"fork", "prctl", "execvp", "setpgid"}
# What is not permitted once is not the next time: the command has then become another user's.
LASTING = {"kill"}


def run(enter, scope, fault=None):
    """Exit code, what was said, and the calls that were made."""
    with tempfile.NamedTemporaryFile() as file, tempfile.TemporaryFile() as errors:
        file.write(faults.Plan.empty())
        file.flush()
        plan = faults.Plan(file.name)
        plan.watch(scope)
        if fault:
            plan.arm(fault)
        words = [*enter, faults.FAULTY / "init_faulty", "-w", f"--grace={2 * DEADLINE}", "--", "sh", "-c", COMMAND]
        env = {**os.environ, "MAINSTAY_FAULT_PLAN": file.name}
        code = subprocess.run(words, stderr=errors, stdin=subprocess.DEVNULL, env=env, timeout=DEADLINE).returncode
        calls = plan.calls()
        plan.close()
        errors.seek(0)
        return code, errors.read().decode(), calls


@pytest.mark.parametrize("scope", [faults.PROGRAM, faults.CHILDREN], ids=["init", "its command before exec"])
@pytest.mark.parametrize("enter", [[], ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]], ids=["subreaper", "pid 1"])
def test_any_call_may_fail(enter, scope):
    code, _, calls = run(enter, scope)
    assert code == 5 and calls
    # The loop goes round once more or less, as it happens: each place in the program counts once.
    once = list(dict.fromkeys(calls))
    refused = set()
    for fault in faults.faults_of(once):
        if fault.call.name in LASTING:
            continue
        code, said, _ = run(enter, scope, fault)
        if code != 5:
            assert code in (1, 126) and said.startswith("init: "), (fault, code, said)
            refused.add(fault.call.name)
    assert refused <= FATAL and refused >= {"fork" if scope == faults.PROGRAM else "execvp"}
