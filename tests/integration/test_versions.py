"""Programs of a next version beside today's, upgraded and downgraded in any order while services run.

tests/next/build makes them of the same sources, with other versions and layouts of the boot link, the
state table, PID 1's block and the keeper's memory.
"""

import signal

import pytest

import namespace
from namespace import eventually
from test_supervisor_crash import Machine, pids, service
from test_upgrade import POWERED_OFF, upgrade

NEXT = namespace.TOP / "build/next/bin"
TODAY = namespace.PROGRAMS
SAYS_READY = "#!/bin/sh\nsvctl notify said ready || exit 1\nexec sleep 100000\n"
EXPECTED = {"web": "ready", "other": "ready", "loud": "ready", "said": "ready", "off": "down"}
PLACES = {"init": "sbin/init", "supervisor": "sbin/supervisor"}


@pytest.fixture(scope="module", autouse=True)
def programs():
    if not (NEXT / "supervisor").exists():
        pytest.skip("there are no programs of a next version: run tests/next/build")


class Mixed(Machine):
    """A system whose programs change; which is which is told by the commit they name."""

    def __init__(self, init, supervisor):
        files = service("web") | service("other")
        files |= service("loud", run="#!/bin/sh\necho begins\nexec sleep 100000\n")
        files |= service("off", down="")
        files |= service("said", run=SAYS_READY, service__conf="ready = notify\n")
        programs = {"/sbin/init": init / "init", "/sbin/supervisor": supervisor / "supervisor"}
        super().__init__(files, programs=programs)
        self.deaths = 0

    def put(self, program, where):
        new = self.root / (PLACES[program] + ".new")
        new.write_bytes((where / program).read_bytes())
        new.chmod(0o755)
        new.rename(self.root / PLACES[program])

    def up(self):
        def there():
            services = self.status()
            states = {name: view["state"] for name, view in services.items()}
            return services if states == EXPECTED else None

        try:
            return eventually(there, "all is as it should be")
        except AssertionError:
            raise AssertionError(f"{self.status()}; console: {self.transcript()}") from None

    def change_init(self, where):
        self.put("init", where)
        self.run("/sbin/telinit", "u")
        self.wait_for_line("upgraded: Mainstay .* goes on")

    def change_supervisor(self, where):
        self.put("supervisor", where)
        said = upgrade(self)
        assert ("commit next" in said) == (where == NEXT), said

    def crash_supervisor(self, where):
        self.put("supervisor", where)
        self.kill_supervisor()

    def check_exit(self, before):
        """One service dies: it is told once, with its true status, and nobody else is concerned."""
        self.run("kill", "-USR1", str(before["web"]))
        eventually(lambda: self.status("web").get("pid") not in (None, before["web"]), "web is back")
        self.deaths += 1
        told = self.ask(verb="deaths", services=["web"]).services["web"]["details"]
        assert told["death_count"] == self.deaths
        assert [death["signal"] for death in told["deaths"]] == [signal.SIGUSR1] * self.deaths
        after = pids(self.up())
        assert {**after, "web": 0} == {**before, "web": 0}
        return after


ORDERS = {
    "init first": [("init", NEXT), ("supervisor", NEXT), ("init", TODAY), ("supervisor", TODAY)],
    "supervisor first": [("supervisor", NEXT), ("init", NEXT), ("supervisor", TODAY), ("init", TODAY)],
    "by a crash": [("crash", NEXT), ("init", NEXT), ("crash", TODAY), ("init", TODAY), ("crash", NEXT)],
    "back and forth": [("supervisor", NEXT), ("crash", TODAY), ("init", NEXT), ("crash", NEXT)],
}


@pytest.mark.parametrize("order", ORDERS)
def test_services_run_on_through_versions_up_and_down(order):
    with Mixed(TODAY, TODAY) as m:
        before = pids(m.up())
        for what, where in ORDERS[order]:
            change = {
                "init": m.change_init,
                "supervisor": m.change_supervisor,
                "crash": m.crash_supervisor,
            }
            change[what](where)
            assert pids(m.up()) == before, (what, where)
            before = m.check_exit(before)
        assert "PID 1 failed" not in m.transcript()
        assert "cannot" not in m.transcript()
        eventually(lambda: m.zombies() == [], "every zombie is buried")
        m.signal(38)
        assert m.exit_status() == POWERED_OFF
        assert "all services are down" in m.transcript()


def test_a_next_version_becomes_todays():
    with Mixed(NEXT, NEXT) as m:
        before = pids(m.up())
        before = m.check_exit(before)
        m.change_supervisor(TODAY)
        assert pids(m.up()) == before
        m.change_init(TODAY)
        before = m.check_exit(before)
        m.crash_supervisor(TODAY)
        assert pids(m.up()) == before
        m.check_exit(before)
