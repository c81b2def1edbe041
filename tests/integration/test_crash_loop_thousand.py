"""What test_crash_loop.py does, beside 1,000 services. A file of its own, so that both can wait at the same time."""

from test_crash_loop import ROUNDS, kill_again_and_again
from test_supervisor_crash import Machine  # noqa: F401  (conftest.py knows by it that this needs root)


def test_a_thousand_services_beside():
    kill_again_and_again(ROUNDS, steady=1000)
