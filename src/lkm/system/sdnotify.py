"""What a service and its manager tell each other: sd_notify(3), sd_listen_fds(3), sd_watchdog_enabled(3).

Written here, as it is a datagram and three variables; a binding of libsystemd would be a dependency for that.
"""

from __future__ import annotations

import os
import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import MutableMapping

#: The first descriptor that is passed (SD_LISTEN_FDS_START).
_FIRST = 3


class Manager:
    """The manager of this service, or nobody. The variables are taken out of the environment: children have none."""

    def __init__(self, environment: MutableMapping[str, str] | None = None) -> None:
        environment = os.environ if environment is None else environment
        self._address = environment.pop("NOTIFY_SOCKET", "")
        self._passed = _passed(environment)
        self._watchdog = _watchdog(environment)

    @property
    def watchdog(self) -> float:
        """Return within how many seconds it wants a sign of life each time; 0: it wants none."""
        return self._watchdog

    def tell(self, *states: str) -> bool:
        """Send states such as ``READY=1``; tell whether there is somebody who got them."""
        if not self._address.startswith(("/", "@")):
            return False
        address = self._address if self._address[0] == "/" else f"\0{self._address[1:]}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            try:
                sender.sendto("\n".join(states).encode("utf-8", "surrogateescape"), socket.MSG_DONTWAIT, address)
            except OSError:
                return False
        return True

    def sockets(self) -> list[socket.socket]:
        """Return the listening stream sockets that it passed to us (socket activation)."""
        found = []
        for descriptor in self._passed:
            os.set_inheritable(descriptor, False)
            each = socket.socket(fileno=descriptor)
            each.setblocking(False)
            found.append(each)
        self._passed = range(0)
        return found


def _passed(environment: MutableMapping[str, str]) -> range:
    pid, count = environment.pop("LISTEN_PID", ""), environment.pop("LISTEN_FDS", "")
    environment.pop("LISTEN_FDNAMES", None)
    if pid != str(os.getpid()) or not (count.isascii() and count.isdigit()):
        return range(0)
    return range(_FIRST, _FIRST + int(count))


def _watchdog(environment: MutableMapping[str, str]) -> float:
    pid, usec = environment.pop("WATCHDOG_PID", ""), environment.pop("WATCHDOG_USEC", "")
    if (pid and pid != str(os.getpid())) or not (usec.isascii() and usec.isdigit()):
        return 0.0
    return int(usec) / 1e6
