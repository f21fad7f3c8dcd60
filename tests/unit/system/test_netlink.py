"""Uevents are believed only when the kernel sent them. Real ones: tests/lab/test_daemon.py."""

from __future__ import annotations

import errno
import os
import socket
import struct

import pytest

from lkm.errors import MachineError
from lkm.state.uevent import Uevent
from lkm.system.netlink import UeventSocket, believed

MESSAGE = b"add@/devices/x\0ACTION=add\0DEVPATH=/devices/x\0MODALIAS=pci:v1\0SEQNUM=7\0"
KERNEL = [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, struct.pack("3i", 0, 0, 0))]


class Fake:
    """A socket that gives what it was told to."""

    def __init__(self, *given: tuple[bytes, object, object] | OSError) -> None:
        self.given = list(given)

    def recvmsg(self, *_: int) -> tuple[bytes, object, int, object]:
        if not self.given:
            raise BlockingIOError
        first = self.given.pop(0)
        if isinstance(first, OSError):
            raise first
        return first[0], first[1], 0, first[2]


def hear(*given: tuple[bytes, object, object] | OSError) -> UeventSocket:
    return UeventSocket(Fake(*given))  # type: ignore[arg-type]


def test_the_kernels_are_taken_others_counted() -> None:
    mine = [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, struct.pack("3i", os.getpid(), 0, 0))]
    heard = hear(
        (MESSAGE, KERNEL, (0, 1)),
        (MESSAGE, mine, (os.getpid(), 1)),
        (MESSAGE, mine, (0, 1)),
        (MESSAGE, [], (0, 1)),
        (b"libudev\0", KERNEL, (0, 1)),
    )
    assert heard.take() == ([Uevent("add", "/devices/x", "pci:v1", 7)], False)
    assert heard.refused == 4


def test_an_overflow_is_told_and_the_rest_taken_later() -> None:
    heard = hear((MESSAGE, KERNEL, (0, 1)), OSError(errno.ENOBUFS, ""), (MESSAGE, KERNEL, (0, 1)))
    assert heard.take()[1] is True
    assert len(heard.take()[0]) == 1
    assert heard.take() == ([], False)


def test_one_turn_has_an_end() -> None:
    heard = hear(*[(MESSAGE, KERNEL, (0, 1))] * 1000)
    assert len(heard.take()[0]) == 256


def test_a_refused_call_is_told() -> None:
    with pytest.raises(MachineError, match=r"uevents \(netlink\)"):
        hear(OSError(errno.EBADF, "")).take()


def test_user_credentials_are_not_the_kernels() -> None:
    other = [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, struct.pack("3i", 0, 1000, 1000))]
    assert not believed((0, 1), other)
    assert not believed(None, KERNEL)


def test_a_real_socket_listens_and_believes_no_process() -> None:
    """Sent from this very process, to the socket itself: the kernel adds who it was."""
    heard = UeventSocket()
    port = heard.socket.getsockname()[0]
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 15) as other:
        other.sendto(MESSAGE, (port, 0))
    events, _ = heard.take()
    assert Uevent("add", "/devices/x", "pci:v1", 7) not in events and heard.refused == 1
    heard.close()
