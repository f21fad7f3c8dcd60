"""The daemon's socket: who connects, what they ask, and bounds that keep one client from being felt by others.

A connection may have so many questions open; further ones wait unread in the socket, as does everything while the
client does not take its answers. What is not understood is answered with a fault and hung up on. A frame that takes
long to come, answers that nobody takes, and silence end a connection too. Other users than root have a bound of
their own on how many connections each has, and all of them together another, so that root always gets through.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import sys
import time

from lkm.autoload.wire import MAX_FRAME, Answer, Ask, Fault, Frames, encode
from lkm.errors import FormatError, MachineError
from lkm.kernel.processes import ancestors, comm
from lkm.record import Record
from lkm.system.files import machine_error, make_directory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable
    from typing import Any

    from lkm.autoload.nouns import Outcome

    Asked = Callable[[Ask, "Peer", Callable[[Outcome], None]], Callable[[], None] | None]

_CREDENTIALS = struct.Struct("3i")
#: Users whose allowance is known.
_REMEMBERED = 1000
#: Seconds until it is looked again whether there is room for questions.
_PAUSE = 0.05
#: So many may wait to be let in, and are let in at a time.
_BACKLOG = 256


class Bounds(Record):
    """Times are in seconds. ``users``: for all users but root together; ``user``: for each of them.

    ``user_questions``: so many a second are read of each user, and twice that at first; each of them is recorded.
    """

    connections: int = 1024
    users: int = 256
    user: int = 64
    open_questions: int = 16
    user_questions: float = 20.0
    frame_seconds: float = 10.0
    unread_seconds: float = 10.0
    idle_seconds: float = 300.0


class Peer(Record):
    """Who is at the other end, as the kernel says (SO_PEERCRED): of the time when it connected.

    ``comm`` and ``ancestors``, the process itself, its parent, and so on, are looked up when it asks first: those who
    send nonsense shall cost as little as can be.
    """

    pid: int
    uid: int
    comm: str = ""
    ancestors: tuple[int, ...] = ()


class Server:
    """All connections. ``asked(ask, peer, answer)`` is called for each question, and ``answer`` once with what came
    of it, at once or later; it returns what is to be called when the client goes before that, or None.

    ``count`` is told of each event by a word: ``connected``, ``fault``, ``slow``, ``idle``, ``full``. While
    ``busy()`` says so no questions are taken: they wait where they are.
    """

    def __init__(
        self,
        asked: Asked,
        count: Callable[[str], None],
        bounds: Bounds | None = None,
        busy: Callable[[], bool] = lambda: False,
    ) -> None:
        self.asked = asked
        self.count = count
        self.busy = busy
        self.bounds = bounds or Bounds()
        self.connections: set[Connection] = set()
        self._users: Counter[int] = _counter()
        self._allowances: dict[int, tuple[float, float]] = {}
        self._listening: list[asyncio.Server] = []
        self._sweep: asyncio.TimerHandle | None = None

    async def listen(self, listening: socket.socket) -> None:
        """Take connections on a socket that listens."""
        loop = asyncio.get_running_loop()
        # Since Python 3.13 a server removes its socket's file when it ends; that is the business of who has bound it.
        ways: dict[str, Any] = {"cleanup_socket": False} if sys.version_info >= (3, 13) else {}
        self._listening.append(
            await loop.create_unix_server(lambda: Connection(self), sock=listening, backlog=_BACKLOG, **ways)
        )
        if self._sweep is None:
            self._sweep = loop.call_later(self._pause, self._swept)

    @property
    def _pause(self) -> float:
        bounds = self.bounds
        return min(bounds.frame_seconds, bounds.unread_seconds, bounds.idle_seconds) / 4

    def _swept(self) -> None:
        now = time.monotonic()
        for connection in list(self.connections):
            connection.sweep(now)
        self._sweep = asyncio.get_running_loop().call_later(self._pause, self._swept)

    def enter(self, connection: Connection) -> str:
        """Count a new connection in; return why there is no room for it, or ""."""
        bounds, uid = self.bounds, connection.peer.uid
        strangers = self._users.total() - self._users[0]
        if len(self.connections) >= bounds.connections:
            return "there are too many connections"
        if uid and (self._users[uid] >= bounds.user or strangers >= bounds.users):
            return "there are too many connections of users"
        self.connections.add(connection)
        self._users[uid] += 1
        return ""

    def leave(self, connection: Connection) -> None:
        """Count a connection out."""
        if connection in self.connections:
            self.connections.remove(connection)
            self._users[connection.peer.uid] -= 1
            if not self._users[connection.peer.uid]:
                del self._users[connection.peer.uid]
            if len(self._allowances) > _REMEMBERED:
                self._allowances.clear()

    def delay(self, uid: int) -> float:
        """Take one question out of a user's allowance; return how long it has to wait for that, or 0."""
        if not uid:
            return 0.0
        rate, now = self.bounds.user_questions, time.monotonic()
        left, since = self._allowances.get(uid, (2 * rate, now))
        left = min(2 * rate, left + (now - since) * rate)
        if left < 1:
            self._allowances[uid] = left, now
            return (1 - left) / rate
        self._allowances[uid] = left - 1, now
        return 0.0

    def deafen(self) -> None:
        """Take no new connections and no more questions."""
        for listening in self._listening:
            listening.close()
        for connection in self.connections:
            connection.deafen()

    def close(self) -> None:
        """Hang up on all, when they have what was written to them."""
        self.deafen()
        if self._sweep is not None:
            self._sweep.cancel()
        for connection in list(self.connections):
            connection.hang_up()


def _counter() -> Counter[int]:
    from collections import Counter

    return Counter()


class Connection(asyncio.BufferedProtocol):
    """One client."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._frames = Frames()
        self._buffer = bytearray(MAX_FRAME)
        self._open: dict[int, Callable[[], None] | None] = {}
        self._number = 0
        self._deaf = False
        self._held_back: asyncio.TimerHandle | None = None
        self._reading = True
        self._since = time.monotonic()
        self._frame_since = 0.0
        self._unread_since = 0.0
        self.peer = Peer(-1, -1)

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See who it is, and whether there is room."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        pid, uid, _ = _CREDENTIALS.unpack(
            transport.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        )
        self.peer = Peer(pid, uid)
        if why := self._server.enter(self):
            self._server.count("full")
            self._fault(why)
            return
        self._server.count("connected")

    def get_buffer(self, sizehint: int) -> bytearray:
        """Return where the next bytes go: so much is read at once."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take in bytes."""
        if not self._deaf:
            self._since = time.monotonic()
            self._frames.add(bytes(self._buffer[:nbytes]))
            self._go_on()

    def pause_writing(self) -> None:
        """Note that the client does not take its answers."""
        self._unread_since = time.monotonic()

    def resume_writing(self) -> None:
        """Go on: the client took them."""
        self._unread_since = 0.0
        self._go_on_anew()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of the questions that are open."""
        self._deaf = True
        self._server.leave(self)
        if self._held_back is not None:
            self._held_back.cancel()
        for gone in self._open.values():
            if gone is not None:
                gone()
        self._open.clear()

    # Questions and answers

    def _go_on(self) -> None:
        """Take questions while there are some, and room for them."""
        most = self._server.bounds.open_questions
        while self._may_ask(most):
            if self._frames.held and self._server.busy():
                self._held_back = asyncio.get_running_loop().call_later(_PAUSE, self._come_back)
                break
            try:
                message = self._frames.take()
                if message is not None and not isinstance(message, Ask):
                    raise FormatError("only questions are answered here")
            except FormatError as error:
                self._server.count("fault")
                self._fault(error.what)
                return
            if message is None:
                break
            self._frame_since = 0.0
            if delay := self._server.delay(self.peer.uid):
                self._held_back = asyncio.get_running_loop().call_later(delay, self._ask_late, message)
            else:
                self._ask(message)
        if self._frames.held and not self._frame_since:
            self._frame_since = time.monotonic()
        self._read(not self._deaf and self._frames.held < MAX_FRAME)

    def _go_on_anew(self) -> None:
        """Go on after it was us who took no more: a frame's time begins anew."""
        self._frame_since = 0.0
        self._go_on()

    def _may_ask(self, most: int) -> bool:
        stopped = self._deaf or self._unread_since or self._held_back or self._transport.is_closing()
        return not stopped and len(self._open) < most

    def _come_back(self) -> None:
        self._held_back = None
        self._go_on_anew()

    def _ask_late(self, ask: Ask) -> None:
        """Put a question that was held back, if it may be put now."""
        self._held_back = None
        if self._deaf or self._transport.is_closing():
            return
        if delay := self._server.delay(self.peer.uid):
            self._held_back = asyncio.get_running_loop().call_later(delay, self._ask_late, ask)
            return
        self._ask(ask)
        self._go_on_anew()

    def _read(self, wanted: bool) -> None:
        if wanted == self._reading or self._transport.is_closing():
            return
        self._reading = wanted
        (self._transport.resume_reading if wanted else self._transport.pause_reading)()

    def _ask(self, ask: Ask) -> None:
        if not self._number:
            pid = self.peer.pid
            self.peer = Peer(pid, self.peer.uid, comm(pid), ancestors(pid))
        self._number += 1
        number = self._number
        self._open[number] = None

        def answer(outcome: Outcome) -> None:
            if number in self._open:
                del self._open[number]
                if self._transport.is_closing():  # it went just now; asyncio complains of each further write
                    return
                self._transport.write(encode(Answer(ask.mark, outcome)))
                self._frame_since = 0.0
                asyncio.get_running_loop().call_soon(self._go_on)

        gone = self._server.asked(ask, self.peer, answer)
        if number in self._open:
            self._open[number] = gone

    def _fault(self, text: str) -> None:
        self._transport.write(encode(Fault("", text)))
        self._deaf = True
        self._transport.close()

    def sweep(self, now: float) -> None:
        """End the connection if it is slow or silent."""
        bounds = self._server.bounds
        unread = self._unread_since or (self._since if self._transport.is_closing() else 0.0)
        if unread and now - unread > bounds.unread_seconds:
            self._server.count("slow")
            self._transport.abort()
        elif self._open or self._held_back:
            self._frame_since = 0.0  # it may be us who have not read on
        elif self._frame_since and now - self._frame_since > bounds.frame_seconds:
            self._server.count("slow")
            self._fault("the frame does not come to its end")
        elif not self._frame_since and now - self._since > bounds.idle_seconds:
            self._server.count("idle")
            self._transport.close()

    def deafen(self) -> None:
        """Take no more questions."""
        self._deaf = True

    def hang_up(self) -> None:
        """End the connection, when what was written to it is sent."""
        self._transport.close()


def bind(path: str) -> socket.socket:
    """Return a socket that listens at a path, for everybody: policy is the judge, not the file's mode.

    What a daemon that was killed left there is replaced. Raises MachineError, EADDRINUSE when a daemon listens there.
    """
    make_directory(os.path.dirname(path) or ".")
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
    try:
        if _answers(path):
            raise MachineError("another daemon listens there", path, 98, "stop it first, or give --socket PATH")
        # Made under another name, so that it is never seen there without listening.
        beside = f"{path}.new"
        if os.path.lexists(beside):
            os.unlink(beside)
        listening.bind(beside)
        os.chmod(beside, 0o666)
        listening.listen(_BACKLOG)
        os.rename(beside, path)
    except OSError as error:
        listening.close()
        raise machine_error(error, path) from error
    except MachineError:
        listening.close()
        raise
    return listening


def _answers(path: str) -> bool:
    """Tell whether somebody listens at a path; raises OSError for a path that can't be one."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as probe:
        try:
            probe.connect(path)
        except (FileNotFoundError, ConnectionRefusedError):
            return False
    return True
