"""The program that takes the supervisor's place faults, or has a call fail, at any of its calls until it
has shown that it works: the one before it goes on and says so, or the new one goes on all the same.
Either way no service has noticed, and the next upgrade works.

A usual run takes some of the faults, always the same ones; MAINSTAY_FAULTS=all takes all.
"""

import concurrent.futures
import subprocess
import zlib

import faults
from injection import AT_ONCE, TAKES_ALL
from namespace import eventually
from supervised import SUPERVISOR, wait_for_svlog
from test_supervisor_crash import pids, service
from test_upgrade import POWERED_OFF, FaultyMachine, numbers, replace_program, upgrade, wait_all_ready

COUNTS = "#!/bin/sh\nn=0\nwhile :; do echo number $n; n=$((n + 1)); sleep 0.02; done\n"
NOTED = "#!/bin/sh\necho >&3\nexec sleep 100000 3>&-\n"
# One in so many that a usual run tries: of faults of the program, and of calls that fail.
FEW_CRASHES, FEW_ERRORS = 7, 61


def machine():
    files = service("web") | service("loud", run=COUNTS)
    files |= service("noted", run=NOTED, **{"notification-fd": "3\n"})
    return FaultyMachine(files)


FAULTY = faults.FAULTY / "supervisor_faulty"


def put_in_place(m, program):
    replace_program(m, program.read_bytes())


def go_back_to_the_usual(m):
    """Whose own calls do not count, so that it is the new program's that fail."""
    put_in_place(m, SUPERVISOR)
    upgrade(m)
    put_in_place(m, FAULTY)


def calls_of_an_upgrade(symbols):
    """Those of the self-test first, then those until the new program has shown that it works."""
    with machine() as m:
        wait_all_ready(m)
        put_in_place(m, FAULTY)
        assert "goes on" in upgrade(m)
        calls = m.plan.calls()
    end = [i for i, call in enumerate(calls) if "Upgrade::confirm" in symbols.name(call.site)]
    return calls[: end[0]]


def is_taken(fault, symbols, one_in):
    """By its place's name, so that a run that makes a call more or fewer tries the same faults."""
    name = f"{fault.call.name} {symbols.name(fault.call.site)} {fault.error}"
    return zlib.crc32(name.encode()) % one_in == 0


def faults_of(calls, symbols):
    """A usual run tries each place once: a fault of the program the last time that it calls, when it has
    come farthest; an error the first time."""
    errors = faults.faults_of(calls)
    crashes = [fault._replace(error=faults.CRASH) for fault in errors]
    if TAKES_ALL:
        return list(dict.fromkeys(crashes)) + errors
    last = {crash.call: crash for crash in crashes}.values()
    first = [fault for fault in errors if fault.nth == 0]
    # Always: whose directory is not seen is stopped.
    of_scan = [fault for fault in first if fault.call.name == "opendir" and "Scan::" in symbols.name(fault.call.site)]
    return (
        of_scan[:1]
        + [crash for crash in last if is_taken(crash, symbols, FEW_CRASHES)]
        + [fault for fault in first if is_taken(fault, symbols, FEW_ERRORS)]
    )


def attempt(m, before, fault):
    """@returns what came of it: "fell back", "refused", "goes on", or "died later": each run makes some
    calls more or fewer, so one of the last may be made when the new program has no way back any more."""
    supervisor = m.supervisor()
    length = len(m.transcript())
    m.plan.arm(fault)
    said = upgrade(m, check=False)
    m.plan.disarm()
    if "the new program failed before it had taken over" in said:
        came = "fell back"
    elif m.supervisor() != supervisor or "the supervisor was started anew" in said:
        came = "died later"
    elif "upgrade: " in said:
        came = "refused"
    else:
        came = "goes on"
    word = "upgraded: supervisor" if came == "died later" else " goes on\n"
    eventually(lambda: word in m.transcript()[length:], f"the log says who goes on; svctl says: {said}")
    assert pids(wait_all_ready(m)) == before, "a service was restarted"
    if came in ("goes on", "died later"):
        go_back_to_the_usual(m)
    return came


def check_whole(m, before, most):
    """What was kept for the supervisor is there: it dies, and the next one has it all."""
    eventually(lambda: m.descriptors(m.supervisor()) <= most, f"at most {most} descriptors are open")
    m.kill_supervisor()
    assert pids(wait_all_ready(m)) == before
    found = numbers(m)
    assert found == list(range(found[0], found[-1] + 1)), "lines are missing"
    eventually(lambda: not m.zombies(), "every zombie is buried")
    m.signal(38)
    assert m.exit_status() == POWERED_OFF
    assert "all services are down" in m.transcript()


def live_through(some, symbols):
    """One system for all of these faults; after one that breaks it the rest gets another."""
    came, problems = [], []
    while some:
        fault = None
        with machine() as m:
            try:
                before = pids(wait_all_ready(m))
                go_back_to_the_usual(m)
                m.wait_open_for_runit()
                wait_for_svlog(m.supervisor)
                most = m.descriptors(m.supervisor()) + 4  # clients come and go
                while some:
                    fault, some = some[0], some[1:]
                    came.append(attempt(m, before, fault))
                check_whole(m, before, most)
            except (AssertionError, subprocess.TimeoutExpired) as problem:
                where = fault.describe(symbols) if fault else "before the first fault"
                problems.append(f"{where}: {problem}\n{m.transcript()[-1500:]}")
                print(problems[-1], flush=True)
                if fault is None:
                    break
    return came, problems


def test_a_new_program_that_fails_while_it_takes_over_costs_nothing():
    symbols = faults.Symbols(FAULTY)
    all_faults = faults_of(calls_of_an_upgrade(symbols), symbols)
    came, problems = [], []
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        runs = [pool.submit(live_through, all_faults[i::AT_ONCE], symbols) for i in range(AT_ONCE)]
        for run in runs:
            its, its_problems = run.result()
            came += its
            problems += its_problems
    counts = {what: came.count(what) for what in ("fell back", "refused", "goes on", "died later")}
    print(f"\n{len(came)} upgrades with a fault: {counts}, {len(problems)} mattered")
    assert not problems, "\n\n".join(problems)
    assert counts["fell back"] > 0 and counts["goes on"] > 0
