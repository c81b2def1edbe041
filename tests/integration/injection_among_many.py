"""Lives through faults with 1,000 services beside: what injection.py does, at a price that allows it.

    trials = TrialsAmongMany(Kind, is_to_be_said, is_fault)
    trials.run()
    assert not trials.problems

Which calls there are is learnt from a system of few services. Of each place that makes calls and each
error that these can have one call is chosen: where calls are as many as services, it is one of 1,000
services' calls. A system lives through a fault at its boot, some at other steps, and one at its end.

A usual run starts one system, for the faults that the seed gives; MAINSTAY_FAULTS=places is one fault for
each place, MAINSTAY_FAULTS=all all errors of each, and MAINSTAY_FAULT_SEED=N other calls.
"""

import collections
import concurrent.futures
import itertools
import os
import random
import time

import faults
from injection import TAKES_ALL, TAKES_PLACES, Trials
from namespace import eventually
from supervised import Client, wait_open_for_runit

COUNT, FEW = 1000, 50
SEED = int(os.environ.get("MAINSTAY_FAULT_SEED", "1"))
AT_ONCE = 2
TOGETHER = 20  # faults between boot and end that one system has to live through
IN_A_USUAL_RUN = 2
SLEEP = "#!/bin/sh\nexec sleep 7100\n"


def names(count):
    return [f"kept{i:03}" for i in range(count)]


class AmongMany:
    """Of a Subject with `count` services besides, to none of which anything may happen. Derived classes have
    LASTING begin with the death of the supervisor, so that the next one takes up all of them."""

    def __init__(self, count, **others):
        self._names = names(count)
        self._before = self.most_descriptors = None
        super().__init__(more={f"/etc/service/{name}/run": SLEEP for name in self._names}, **others)

    def services(self):
        """pid of each that is ready; nothing while nobody answers."""
        try:
            with Client(f"/proc/{self.pid}/root/run/mainstay/control") as client:
                services = client.ask(verb="status", services=[]).services
        except (OSError, ValueError, AssertionError):
            return {}
        return {name: view.get("pid") for name, view in services.items() if view.get("state") == "ready"}

    def kept(self):
        services = self.services()
        return {name: services.get(name) for name in self._names}

    def up(self):
        is_up = super().up() and None not in self.kept().values()
        if not is_up:
            time.sleep(0.1)  # as an answer about all of them is not cheap
        return is_up

    def check_bystanders(self, step, before):
        super().check_bystanders(step, before)
        self.check_kept()

    def _all_kept(self):
        # An answer may be what fails.
        return eventually(lambda: None not in (kept := self.kept()).values() and kept, "all are ready")

    def check_kept(self):
        after = self._all_kept()
        changed = {name: (pid, after[name]) for name, pid in self._before.items() if after[name] != pid}
        assert not changed, f"{len(changed)} services were restarted, as {list(changed.items())[:3]}"

    def note_what_holds(self):
        """The descriptors are those of a supervisor that has taken up what there was, or of PID 1 then."""
        self._before = self._all_kept()
        self.take(self.LASTING[0])
        self.check_kept()
        wait_open_for_runit(self.root / "etc/service" / name for name in self.services())
        self._settle()
        self.most_descriptors = self.descriptors() + 4  # clients come and go


Chain = collections.namedtuple("Chain", "boot between end")


class TrialsAmongMany(Trials):
    """make(count, fault): a Subject that is AmongMany."""

    def __init__(self, make, is_to_be_said, is_fault):
        super().__init__(lambda fault: make(FEW, fault=fault), is_to_be_said, 1, is_fault)
        self._make = lambda fault: make(COUNT, fault=fault)
        self._chains = self._make_chains()
        self.tried = 0

    def _most_descriptors(self, subject):
        return subject.most_descriptors

    def _chosen(self, step):
        """One fault for each place and error, in an order of the seed's, that calls more or fewer do not change."""
        counts = collections.Counter()
        for fault in self.faultless.faults[step]:
            counts[fault.call, fault.error] += 1
        ranked = []
        for (call, error), count in counts.items():
            chance = random.Random(f"{SEED} {step} {call.name} {self._symbols.name(call.site)} {error}")
            among = count if count < FEW else count * COUNT // FEW
            ranked.append((chance.random(), call.site, faults.Fault(call, int(chance.random() * among), error)))
        found = [fault for _, _, fault in sorted(ranked)]
        if TAKES_PLACES:
            found = list({fault.call: fault for fault in found}.values())
        return found

    def _make_chains(self):
        boot, end = self._chosen(self._kind.BOOT), self._chosen(self._kind.END)
        of_steps = [[(step, fault) for fault in self._chosen(step)] for step in self._kind.LASTING]
        if not TAKES_ALL and not TAKES_PLACES:
            return [Chain(boot[0], of_steps[0][:IN_A_USUAL_RUN], end[0])]
        between = list(itertools.chain.from_iterable(of_steps))
        parts = [between[i : i + TOGETHER] for i in range(0, len(between), TOGETHER)]
        return [Chain(*chain) for chain in itertools.zip_longest(boot, parts, end)]

    def run(self):
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            runs = [pool.submit(self._live, chain) for chain in self._chains]
            for number, run in enumerate(concurrent.futures.as_completed(runs), 1):
                run.result()
                print(f"{number} of {len(runs)} systems, {self.failed_calls} calls failed of {self.tried}", flush=True)

    def _live(self, chain):
        """After a fault that breaks a system the rest gets another."""
        while chain != Chain(None, None, None):
            step, fault = self._kind.BOOT, chain.boot
            chain = chain._replace(boot=None)
            with self._make(fault) as subject:
                try:
                    self._boot(subject, fault)
                    if chain.between:
                        subject.note_what_holds()
                    while chain.between:
                        (step, fault), *rest = chain.between
                        chain = chain._replace(between=rest)
                        self._try_one(subject, step, fault)
                    step, fault = self._kind.END, chain.end
                    chain = Chain(None, None, None)
                    self._end(subject, fault)
                except AssertionError as problem:
                    what = fault.describe(self._symbols) if fault else "no fault"
                    self.problems.append(f"{step}: {what}: {problem}\n{subject.transcript()[-1500:]}")
                    print(self.problems[-1], flush=True)

    def _try_one(self, subject, step, fault):
        self.tried += 1
        self._try(subject, step, fault)

    def _boot(self, subject, fault):
        subject.take(subject.BOOT)
        if fault:
            self.tried += 1
            if not subject.plan.is_armed():
                self.failed_calls += 1
                self._check_said(subject.BOOT, fault, subject.transcript)
            subject.plan.disarm()
        assert subject.up(), "not all of it runs"

    def _end(self, subject, fault):
        if fault:
            self._try_one(subject, subject.END, fault)
        else:
            subject.take(subject.END)
            subject.check_end()
