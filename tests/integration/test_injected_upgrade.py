"""The program that takes PID 1's place faults at any of its calls until it has shown that it works: the
one before it goes on, with every process, every descriptor and all that was kept for the supervisor.

A usual run faults once at each place that makes calls, the last time it does; MAINSTAY_FAULTS=all at
each call.
"""

import collections
import concurrent.futures
import os
import signal

import faults
from injection import AT_ONCE, TAKES_ALL, Subject
from namespace import eventually
from supervised import Client

CONTROL = "/run/mainstay/control"
POWERED_OFF = -signal.SIGINT
INITTAB = "::respawn:/bin/sleep 1001\n::supervise:/sbin/supervisor /etc/service\n"
FILES = {
    "/etc/service/web/run": "#!/bin/sh\nexec sleep 7001\n",
    "/etc/service/loud/run": "#!/bin/sh\nn=0\nwhile [ ! -e /tmp/enough ]; do echo line $n; n=$((n + 1)); sleep 0.05; done\n"
    "echo the last line\nexec sleep 7002\n",
}


class System(Subject):
    PROGRAM = "init_faulty"

    def __init__(self):
        super().__init__(["/sbin/init_faulty"], inittab=INITTAB, files=FILES)

    def supervisor(self):
        return next((pid for pid, line in self.children().items() if "/sbin/supervisor" in line), None)

    def ask(self, **request):
        def answered():
            try:
                with Client(f"/proc/{self.pid}/root{CONTROL}") as client:
                    return client.ask(**request)
            except (OSError, ValueError, AssertionError):
                return None

        return eventually(answered, f"an answer to {request}; console: {self.transcript()}")

    def ready(self):
        services = self.ask(verb="status", services=[]).services
        return [view.get("state") for view in services.values()] == ["ready", "ready"]

    def pids(self):
        services = self.ask(verb="status", services=[]).services
        return {name: view.get("pid") for name, view in services.items()}

    def wait_up(self):
        eventually(lambda: self.supervisor() and self.ready(), "both services are ready")
        eventually(lambda: "/bin/sleep 1001" in self.children().values(), "the entry runs")

    def upgrade(self):
        self.run("/sbin/telinit", "u")
        self.wait_for_line("upgraded: Mainstay .* goes on")


def calls_of_an_upgrade():
    """Those that are made from the request on, until there is nothing left to do."""
    with System() as p:
        p.wait_up()
        p._settle()
        first = p.plan.count()
        p.upgrade()
        p._settle()
        return p.plan.calls(first)


def faults_of(calls):
    """The new program makes its state first of all; what comes before that has no handler yet."""
    begin = [i for i, call in enumerate(calls) if call.name == "memfd_create"][-2]
    seen, found = collections.Counter(), {}
    for i, call in enumerate(calls):
        if i >= begin:
            fault = faults.Fault(call, seen[call], faults.CRASH)
            found[fault if TAKES_ALL else call] = fault
        seen[call] += 1
    return list(found.values())


def live_through(fault):
    with System() as p:
        p.wait_up()
        before, children = p.pids(), p.children()
        p._settle()
        p.plan.arm(fault)
        p.run("/sbin/telinit", "u")
        p.wait_for_line("PID 1 failed: SEGV at 0x0")
        eventually(lambda: p.ready(), "it is answered")
        eventually(lambda: p.children() == children, f"the children are {children}")
        assert p.pids() == before
        # All that was kept is there: the next supervisor takes up the same services and their pipes.
        supervisor = p.supervisor()
        os.kill(supervisor, signal.SIGKILL)
        eventually(lambda: p.supervisor() not in (None, supervisor), "another supervisor")
        eventually(lambda: p.ready(), "both are ready under it")
        assert p.pids() == before
        (p.root / "tmp/enough").touch()
        eventually(
            lambda: "the last line" in str(p.ask(verb="log", services=["loud"], lines=5).lines),
            "the service's output is read",
        )
        p.signal(38)
        assert p.exit_status() == POWERED_OFF
        return "the new program failed before its first turn" in p.transcript()


def test_a_new_program_that_faults_while_it_takes_over_costs_nothing():
    all_faults = faults_of(calls_of_an_upgrade())
    symbols = faults.Symbols(faults.FAULTY / System.PROGRAM)
    problems, fell_back = [], 0
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        runs = {fault: pool.submit(live_through, fault) for fault in all_faults}
        for fault, run in runs.items():
            try:
                fell_back += run.result()
            except AssertionError as problem:
                problems.append(f"{fault.describe(symbols)}: {problem}")
    print(f"faults at {len(runs)} calls, fallen back after {fell_back}")
    assert not problems, "\n\n".join(problems)
    assert fell_back >= len(runs) // 2
