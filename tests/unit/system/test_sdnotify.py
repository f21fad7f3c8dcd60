"""The service manager's variables, datagrams and passed sockets."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from lkm.system.sdnotify import Manager


@pytest.mark.parametrize("abstract", [False, True])
def test_states_arrive(tmp_path: Path, abstract: bool) -> None:
    name = f"lkm-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0{name}" if abstract else str(tmp_path / "s"))
        environment = {"NOTIFY_SOCKET": f"@{name}" if abstract else str(tmp_path / "s")}
        manager = Manager(environment)
        assert environment == {}
        assert manager.tell("READY=1", "STATUS=two jobs")
        assert listening.recv(100) == b"READY=1\nSTATUS=two jobs"


def test_nobody_there(tmp_path: Path) -> None:
    for address in ("", "vsock:1:2", str(tmp_path / "none")):
        assert not Manager({"NOTIFY_SOCKET": address}).tell("READY=1")


def test_the_watchdog() -> None:
    mine = str(os.getpid())
    assert Manager({"WATCHDOG_USEC": "1500000"}).watchdog == 1.5
    assert Manager({"WATCHDOG_USEC": "1500000", "WATCHDOG_PID": mine}).watchdog == 1.5
    assert Manager({"WATCHDOG_USEC": "1500000", "WATCHDOG_PID": "1"}).watchdog == 0
    assert Manager({"WATCHDOG_USEC": "x"}).watchdog == 0 == Manager({}).watchdog


def test_sockets_for_others_are_left_alone() -> None:
    assert Manager({"LISTEN_PID": "1", "LISTEN_FDS": "2"}).sockets() == []
    assert Manager({"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "x"}).sockets() == []


def test_a_passed_socket_is_ours(tmp_path: Path) -> None:
    script = """if True:
        import os, sys
        os.dup2(int(sys.argv[1]), 3)
        from lkm.system.sdnotify import Manager
        os.environ["LISTEN_PID"] = str(os.getpid())
        (passed,) = Manager().sockets()
        assert not os.get_inheritable(3) and "LISTEN_FDS" not in os.environ
        print(passed.getsockname(), passed.gettimeout())
    """
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        listening.listen()
        done = subprocess.run(
            [sys.executable, "-c", script, str(listening.fileno())],
            env={**os.environ, "LISTEN_FDS": "1"},
            pass_fds=[listening.fileno()],
            capture_output=True,
            text=True,
        )
    assert done.stdout == f"{tmp_path / 's'} 0.0\n", done.stderr
