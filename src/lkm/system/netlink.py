"""Hearing the kernel's uevents: NETLINK_KOBJECT_UEVENT, group 1 (lib/kobject_uevent.c).

Anybody may send to a netlink socket that listens. So a message counts only when its address says that the kernel sent
it (port 0, to the group) and its credentials are those that the kernel gives itself (process 0, user 0), as udev has
it since CVE-2009-1185.
"""

from __future__ import annotations

import errno
import socket
import struct

from lkm.errors import FormatError
from lkm.state.uevent import parse_message
from lkm.system.files import machine_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.state.uevent import Uevent

_KOBJECT_UEVENT = 15
_GROUP = 1
_SO_RCVBUFFORCE = 33
#: Room for some ten thousand events (the kernel counts the buffer that each is in).
_BUFFER = 32 << 20
_LONGEST = 8192
_CREDENTIALS = struct.Struct("3i")
#: So many messages are taken at once, so that others have their turn.
_BATCH = 256


class UeventSocket:
    """The kernel's uevents as they come. ``refused`` counts messages that were not believed or not understood."""

    def __init__(self, listening: socket.socket | None = None) -> None:
        """Listen, or take over a socket that does; raises MachineError."""
        self.refused = 0
        try:
            self.socket = listening or _listen()
        except OSError as error:
            raise machine_error(error, "uevents (netlink)") from error

    def take(self) -> tuple[list[Uevent], bool]:
        """Return the events that are there, without waiting, and whether some were lost (ENOBUFS)."""
        events: list[Uevent] = []
        for _ in range(_BATCH):
            try:
                data, ancillary, _, sender = self.socket.recvmsg(_LONGEST, socket.CMSG_SPACE(_CREDENTIALS.size))
            except (BlockingIOError, InterruptedError):
                break
            except OSError as error:
                if error.errno == errno.ENOBUFS:
                    return events, True
                raise machine_error(error, "uevents (netlink)") from error
            if not believed(sender, ancillary):
                self.refused += 1
                continue
            try:
                events.append(parse_message(data))
            except FormatError:
                self.refused += 1
        return events, False

    def close(self) -> None:
        """Listen no more."""
        self.socket.close()


def _listen() -> socket.socket:
    listening = socket.socket(
        socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK, _KOBJECT_UEVENT
    )
    try:
        try:
            listening.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
        except PermissionError:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        listening.bind((0, _GROUP))
    except OSError:
        listening.close()
        raise
    return listening


def believed(sender: object, ancillary: list[tuple[int, int, bytes]]) -> bool:
    """Tell whether a message is the kernel's; ``sender`` is its address, (port, groups).

    >>> root = [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, struct.pack("3i", 0, 0, 0))]
    >>> believed((0, 1), root), believed((0, 0), root), believed((77, 1), root), believed((0, 1), [])
    (True, False, False, False)
    """
    if not isinstance(sender, tuple) or sender[0] != 0 or not sender[1] & _GROUP:
        return False
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS) and len(data) >= _CREDENTIALS.size:
            pid, uid, _ = _CREDENTIALS.unpack(data[: _CREDENTIALS.size])
            return bool(pid == 0 and uid == 0)
    return False
