"""Programs of others that take passed sockets, started by their first client: as they are in Debian."""

import shutil

import pytest

from supervised import Supervised
from test_supervisor_sockets import connect, wait_listening

BUS = """<busconfig>
  <type>session</type>
  <listen>unix:path=/nonexistent/never-used</listen>
  <policy context="default">
    <allow send_destination="*"/>
    <allow own="*"/>
    <allow user="*"/>
  </policy>
</busconfig>
"""


@pytest.fixture
def s():
    with Supervised() as supervised:
        yield supervised


def need(program):
    return pytest.mark.skipif(not shutil.which(program), reason=f"there is no {program}")


def talk(path, words, end):
    """What is answered, up to and with end."""
    with connect(path) as client:
        client.sendall(words)
        heard = b""
        while end not in heard:
            more = client.recv(4096)
            assert more, f"the connection ended after {heard}"
            heard += more
        return heard


@need("gpg-agent")
def test_gpg_agent_finds_its_sockets_by_their_names(s):
    (s.top / "gnupg").mkdir(mode=0o700)
    s.add(
        "agent",
        f"exec gpg-agent --homedir {s.top}/gnupg --supervised 2>&1",
        **{
            "service.conf": f"""
listen = unix:{s.top}/ssh name=ssh on-demand=yes
listen = unix:{s.top}/std name=std mode=0600 on-demand=yes
"""
        },
    )
    s.start()
    wait_listening(s, "agent")
    heard = talk(s.top / "std", b"GETINFO pid\nBYE\n", b"closing connection")
    pid = s.wait_state("agent", "ready")["pid"]
    assert f"D {pid}\n".encode() in heard
    # ssh-agent's protocol: which keys are there? SSH_AGENT_IDENTITIES_ANSWER, none.
    assert talk(s.top / "ssh", b"\0\0\0\1\x0b", b"\x0c\0\0\0\0") == b"\0\0\0\5\x0c\0\0\0\0"
    assert s.ask(verb="down", services=["agent"]).exit == 0


@need("dbus-daemon")
def test_dbus_daemon_with_an_address_of_systemd(s):
    (s.top / "bus.conf").write_text(BUS)
    s.add(
        "dbus",
        f"exec dbus-daemon --config-file={s.top}/bus.conf --nofork --nopidfile --address=systemd: 2>&1",
        **{"service.conf": f"listen = unix:{s.top}/bus on-demand=yes\n"},
    )
    s.start()
    wait_listening(s, "dbus")
    assert talk(s.top / "bus", b"\0AUTH EXTERNAL 30\r\n", b"\r\n").startswith(b"OK ")
    assert s.ask(verb="down", services=["dbus"]).exit == 0


@need("podman")
def test_podman_as_a_service_of_its_socket(s):
    s.add(
        "podman",
        f"exec podman --runtime runc --root {s.top}/storage --runroot {s.top}/run --storage-driver vfs"
        " system service --time 0 2>&1",
        **{"service.conf": f"listen = unix:{s.top}/podman.sock mode=0660 on-demand=yes\n"},
    )
    s.start()
    wait_listening(s, "podman")
    heard = talk(s.top / "podman.sock", b"GET /_ping HTTP/1.0\r\nHost: d\r\n\r\n", b"\r\n\r\nOK")
    assert heard.split(b"\r\n")[0].endswith(b"200 OK")
    assert s.ask(verb="down", services=["podman"]).exit == 0
