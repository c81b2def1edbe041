"""Lives through faults: takes a faulty program through its steps, failing one call after another.

    trials = Trials(lambda fault: System("machine", PROGRAM, fault), is_to_be_said)
    trials.run()
    assert not trials.problems

In a run without faults the calls of each step are written down; then the step is taken once for every
call and every error that this call can have. A usual run takes some of them, always the same ones;
MAINSTAY_FAULTS=all takes all, and MAINSTAY_FAULTS=mmap,reboot all of these calls.
"""

import collections
import concurrent.futures
import errno
import os
import pathlib
import time

import faults
from namespace import Pid1, eventually

CHOSEN = os.environ.get("MAINSTAY_FAULTS", "")
TAKES_ALL = CHOSEN == "all"
TAKES_PLACES = CHOSEN == "places"
CHOSEN_CALLS = set() if TAKES_ALL or TAKES_PLACES else set(filter(None, CHOSEN.split(",")))
AT_ONCE = 4
TOGETHER = 20  # faults of one lasting step that one system has to live through
PLAN = "/plan"

Faultless = collections.namedtuple("Faultless", "faults descriptors")


def read(path):
    try:
        return path.read_bytes().decode(errors="replace")
    except OSError:
        return ""


class Subject(Pid1):
    """A system with a faulty program in it. What derives from it has a method for each step, which
    sets it off and returns what becomes true when it was taken, and says:

    PROGRAM      the file below build/release/faulty
    BOOT, END    the first step, which begins by itself, and the last, after which PID 1 is gone
    LASTING      those between them, which can be taken again and again
    PREPARED_BY, UNDONE_BY  the step that has to be taken before or after another
    """

    PREPARED_BY, UNDONE_BY = {}, {}

    def __init__(self, *arguments, scope=faults.PROGRAM, fault=None, files, env=None, **rest):
        super().__init__(
            *arguments,
            files={**files, PLAN: faults.Plan.empty()},
            env={**(env or {}), "MAINSTAY_FAULT_PLAN": PLAN},
            programs={f"/sbin/{self.PROGRAM}": faults.FAULTY / self.PROGRAM},
            **rest,
        )
        self._scope = scope
        self._first_fault = fault
        self.plan = None

    def before_first_instruction(self):
        self.plan = faults.Plan(self.root / PLAN.lstrip("/"))
        self.plan.watch(self._scope)
        if self._first_fault:
            self.plan.arm(self._first_fault)

    def __exit__(self, *exception):
        if self.plan:
            self.plan.close()
        super().__exit__(*exception)

    def lives(self):
        return self._process.poll() is None

    def children(self, pid=None):
        """pid and command of the children of a process; an empty command is that of a zombie."""
        pid = pid or self.pid
        pids = read(pathlib.Path(f"/proc/{pid}/task/{pid}/children")).split()
        commands = (read(pathlib.Path(f"/proc/{pid}/cmdline")) for pid in pids)
        return {int(pid): " ".join(command.split("\0")).strip() for pid, command in zip(pids, commands)}

    def pid_of(self, command):
        """Of a child of PID 1."""
        return next((pid for pid, found in self.children().items() if found == command), None)

    def take(self, step):
        """To its end, with nothing left to bury, and no call on its way."""
        done = getattr(self, step)()
        eventually(lambda: not self.lives() or done(), step)
        if step != self.END:
            assert self.lives(), f"PID 1 ended: {self.exit_status()}"
            eventually(lambda: not self.has_zombies(), "every zombie is buried")
            self._settle()

    def wait_for_files(self):
        """Where a system without faults makes some after a step."""

    def _settle(self):
        """Until no more calls are made: those of the next step are not to be mixed up with these."""
        count = -1
        while count != self.plan.count():
            count = self.plan.count()
            time.sleep(0.1)


class Trials:
    """make(fault): a Subject in which this call fails, from its beginning on.
    is_to_be_said(step, fault): whether the log has to name the error.
    one_in: how many faults there are for each that is tried.
    is_fault(symbols, fault): whether what the call answers with is a fault at all."""

    def __init__(self, make, is_to_be_said, one_in, is_fault=lambda symbols, fault: True):
        self._make = make
        self._is_to_be_said = is_to_be_said
        self._one_in = 1 if TAKES_ALL else one_in
        self._is_fault = is_fault
        self.problems = []
        self.failed_calls = 0
        self.faultless = self._record()

    def _record(self):
        found, descriptors, first = {}, 0, 0
        with self._make(None) as subject:
            self._kind = type(subject)
            self._symbols = faults.Symbols(faults.FAULTY / subject.PROGRAM)
            for step in (subject.BOOT, *subject.LASTING, subject.END):
                subject.take(step)
                if step != subject.END:
                    subject.wait_for_files()
                    descriptors = max(descriptors, subject.descriptors())
                calls = subject.plan.calls(first)
                first += len(calls)
                found[step] = [fault for fault in faults.faults_of(calls) if self._is_fault(self._symbols, fault)]
            subject.check_end()
        return Faultless(found, descriptors)

    def run(self):
        number = 0
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            runs = []
            for step, of_step in self.faultless.faults.items():
                some = [fault for i, fault in enumerate(of_step, number) if self._is_taken(i, fault)]
                number += len(of_step)
                together = TOGETHER if step in self._kind.LASTING else 1
                for i in range(0, len(some), together):
                    runs.append(pool.submit(self._live_through, step, some[i : i + together]))
            for run in runs:
                run.result()

    def _is_taken(self, number, fault):
        if CHOSEN_CALLS:
            return fault.call.name in CHOSEN_CALLS
        if TAKES_PLACES:
            return fault.nth == 0
        return number % self._one_in == 0

    def _live_through(self, step, some):
        """One system for all of these faults; after one that breaks it the rest gets another."""
        while some:
            fault = None
            with self._make(some[0] if step == self._kind.BOOT else None) as subject:
                try:
                    if step != subject.BOOT:
                        subject.take(subject.BOOT)
                    while some:
                        fault, some = some[0], some[1:]
                        self._try(subject, step, fault)
                except AssertionError as problem:
                    log = subject.transcript()[-1500:]
                    what = fault.describe(self._symbols) if fault else "before the first fault"
                    self.problems.append(f"{step}: {what}: {problem}\n{log}")
                    print(self.problems[-1], flush=True)
                    if fault is None:
                        break

    def _try(self, subject, step, fault):
        if step in subject.PREPARED_BY:
            subject.take(subject.PREPARED_BY[step])
        before = subject.bystanders()
        length = 0
        if step != subject.BOOT:
            length = len(subject.transcript())
            subject.plan.arm(fault)
        subject.take(step)
        has_failed = not subject.plan.is_armed()
        subject.plan.disarm()
        if step in subject.LASTING:
            subject.check_bystanders(step, before)
        if step in subject.UNDONE_BY:
            subject.take(subject.UNDONE_BY[step])
        self._check(subject, step)
        if has_failed:
            self.failed_calls += 1
            self._check_said(step, fault, lambda: subject.transcript()[length:])

    def _check(self, subject, step):
        if step in subject.LASTING:
            assert subject.up(), "not all of it runs"
            most = self._most_descriptors(subject)
            eventually(lambda: subject.descriptors() <= most, f"at most {most} descriptors are open")
        if step == subject.BOOT:
            subject.take(subject.END)
        if not subject.lives():
            subject.check_end()

    def _most_descriptors(self, subject):
        return self.faultless.descriptors

    def _check_said(self, step, fault, log):
        if fault.error != errno.EINTR and self._is_to_be_said(step, fault):
            said = os.strerror(fault.error)
            # What is read of the console comes a moment later.
            eventually(lambda: said in log(), f"the log says '{said}'")
