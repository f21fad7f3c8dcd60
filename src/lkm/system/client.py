"""Asking the daemon, in a way that costs next to nothing to start: the kernel's helper does it each time.

``_socket`` is what the module ``socket`` wraps; the import of that takes longer than the question.
"""

from __future__ import annotations

import _socket
import _struct
import time

from lkm.autoload.wire import Answer, Ask, Fault, Frames, encode
from lkm.errors import FormatError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.autoload.nouns import Outcome
    from lkm.autoload.wire import Message

#: Where the daemon listens.
SOCKET = "/run/lkm/socket"
_CHUNK = 1 << 16


class Line:
    """A connection to the daemon, for as many questions as one likes. Raises OSError when there is no daemon."""

    def __init__(self, path: str = SOCKET, timeout: float = 5.0) -> None:
        self._frames = Frames()
        self._waiting: list[Message] = []
        self._socket = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC)
        try:
            # A socket with Python's timeout does not wait while many are waiting to be let in (EAGAIN at once).
            wait = _struct.pack("ll", int(timeout), int(timeout % 1 * 1e6) or 1)
            self._socket.setsockopt(_socket.SOL_SOCKET, _socket.SO_SNDTIMEO, wait)
            self._socket.connect(path)
            self._socket.settimeout(timeout)
        except OSError:
            self.close()
            raise

    def send(self, ask: Ask) -> None:
        """Ask; raises FormatError for an alias that cannot be asked for, and OSError."""
        data = encode(ask)
        while data:
            data = data[self._socket.send(data) :]

    def receive(self, until: float) -> Answer | Fault | None:
        """Return the next answer, or None when the daemon has hung up.

        ``until`` is the time of the monotonic clock at which TimeoutError is raised. Raises FormatError and OSError.
        """
        while not self._waiting:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._socket.settimeout(left)
            data = self._socket.recv(_CHUNK)
            if not data:
                return None
            self._waiting = self._frames.feed(data)
        message = self._waiting.pop(0)
        if isinstance(message, Ask):
            raise FormatError("the daemon asks instead of answering")
        return message

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


def ask(
    alias: str, timeout: float, *, kernel: bool = False, stays: bool = False, path: str = SOCKET
) -> Outcome | None:
    """Let the daemon load what serves ``alias``; return what came of it.

    None: no daemon is there, or it did not answer within ``timeout`` seconds in all, or not with an outcome; the
    caller then does it itself. ``kernel``: it is the kernel who asks; ``stays``: what is loaded is not to go when it
    is unused.
    """
    until = time.monotonic() + timeout
    try:
        line = Line(path, timeout)
    except OSError:
        return None
    try:
        line.send(Ask("1", alias, kernel, stays))
        answer = line.receive(until)
    except (OSError, FormatError):
        return None
    finally:
        line.close()
    return answer.outcome if isinstance(answer, Answer) and answer.mark == "1" else None
