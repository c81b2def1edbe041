"""Whatever single call of svlog fails, once: it goes on, or ends and is started again, as its supervisor
does; in the end every line is in its files, once and in order, and no descriptor is lost.

injection.py says how faults are chosen.
"""

import concurrent.futures
import contextlib
import os
import pathlib
import tempfile

import faults
from injection import AT_ONCE, CHOSEN_CALLS, TAKES_ALL, TAKES_PLACES
from namespace import eventually
from svlog_alone import FINISH, Svlog

PROGRAM = faults.FAULTY / "supervisor_faulty"
ONE_IN = 41
BATCH = 300
LAST = 3 * BATCH
KEEP_ALL = dict(format="none", max_size=2048, max_files=1000)
KEEP_FEW = dict(format="iso", max_size=2048, max_files=2, min_free=1, max_age=3600)


class Faulty(Svlog):
    """Looked after as by the supervisor: where it has ended, or its link has, there is another one."""

    def __init__(self, directory, fault=None):
        plan = directory / "plan"
        plan.write_bytes(faults.Plan.empty())
        self.plan = faults.Plan(plan)
        if fault:
            self.plan.arm(fault)
        super().__init__(directory / "logs", program=PROGRAM, env={"MAINSTAY_SVLOG_FAULT_PLAN": str(plan)})

    def __exit__(self, *exception):
        super().__exit__(*exception)
        self.plan.close()

    def send(self, *message, **settings):
        """To nobody where it has just ended: who comes after it is told everything anew."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            super().send(*message, **settings)

    def hear(self):
        with contextlib.suppress(ConnectionResetError):
            return super().hear()
        return False

    def look_after(self):
        code = self.process.poll()
        assert code is None or code >= 0, f"killed by signal {-code}"
        if code is None and self.hear():
            while self.refused:
                self.tell_of(self.refused.pop())
            return
        self.kill()
        self.start_process()
        for slot in self.pipes:
            self.tell_of(slot)

    def wait_done(self):
        self.eventually(lambda: self.done == self.sent, "all is acknowledged")

    def eventually(self, condition, what):
        def looked():
            self.look_after()
            return condition()

        return eventually(looked, f"{what}; notices: {self.notices}")

    def say(self, first):
        """A batch of lines of each service."""
        lines = "".join(f"line {i}\n" for i in range(first, first + BATCH)).encode()
        for _, write_end, *_ in self.pipes.values():
            os.write(write_end, lines)
        last = f"line {first + BATCH - 1}\n"
        for _, _, name, _ in self.pipes.values():
            self.eventually(lambda: last in self.text(name).decode(), f"{last!r} is in the files of {name}")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def end(self):
        """As an order: whoever has not obeyed it is followed by one that is told again."""
        while self.process.poll() != 0:
            self.look_after()
            self.send(FINISH, 0)
            eventually(lambda: self.process.poll() is not None or not self.hear(), "it ends")


def numbers(text):
    return [int(line.split()[-1]) for line in text.decode().splitlines()]


def live(directory, fault=None):
    """@returns the calls that were made, the descriptors that were open, and whether the fault came."""
    with Faulty(directory, fault) as svlog:
        svlog.add("web", **KEEP_ALL)
        svlog.add("few", **KEEP_FEW)
        svlog.say(0)
        svlog.change(1, **{**KEEP_ALL, "max_size": 4096})
        svlog.signal("ALRM")
        svlog.say(BATCH)
        svlog.signal("HUP")
        svlog.say(2 * BATCH)
        descriptors = svlog.descriptors()
        svlog.end()
        assert numbers(svlog.text("web")) == list(range(LAST)), "a line is missing, or there twice"
        kept = numbers(svlog.text("few"))
        assert kept == list(range(LAST))[-len(kept) :], "a line is missing, or there twice"
        return svlog.plan.calls(), descriptors, bool(svlog.plan.failed())


def some_of(all_faults):
    if CHOSEN_CALLS:
        return [fault for fault in all_faults if fault.call.name in CHOSEN_CALLS]
    if TAKES_PLACES:
        return [fault for fault in all_faults if fault.nth == 0]
    return all_faults if TAKES_ALL else all_faults[::ONE_IN]


def attempt(fault, symbols, most):
    with tempfile.TemporaryDirectory() as directory:
        try:
            _, descriptors, came = live(pathlib.Path(directory), fault)
            assert descriptors <= most, f"{descriptors} descriptors are open, not {most}"
            return came, None
        except AssertionError as problem:
            return True, f"{fault.describe(symbols)}: {problem}"


def test_any_call_may_fail(tmp_path):
    symbols = faults.Symbols(PROGRAM)
    calls, most, _ = live(tmp_path)
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(lambda fault: attempt(fault, symbols, most), some_of(faults.faults_of(calls))))
    problems = [problem for _, problem in results if problem]
    print(f"\nsvlog: {sum(came for came, _ in results)} calls failed, {len(problems)} mattered")
    assert not problems, "\n\n".join(problems)
    assert any(came for came, _ in results)
