"""The daemon's socket against clients that ask well, too much, too slowly, or nonsense."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from lkm.autoload.nouns import Outcome
from lkm.autoload.wire import Answer, Ask, Fault, Frames, Message, encode
from lkm.errors import MachineError
from lkm.system.socketserver import Bounds, Peer, Server, bind

DONE = Outcome(0, "done", ("vfat",))


class Desk:
    """Takes questions; answers at once, or keeps them."""

    def __init__(self, *, keep: bool = False) -> None:
        self.keep = keep
        self.asked: list[tuple[Ask, Peer]] = []
        self.kept: list[Callable[[Outcome], None]] = []
        self.gone = 0
        self.counted: list[str] = []

    def take(self, ask: Ask, peer: Peer, answer: Callable[[Outcome], None]) -> Callable[[], None]:
        self.asked.append((ask, peer))
        if self.keep:
            self.kept.append(answer)
        else:
            answer(DONE)
        return self.went

    def went(self) -> None:
        self.gone += 1


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.frames = Frames()
        self.got: list[Message] = []

    def send(self, *data: bytes) -> None:
        self.writer.write(b"".join(data))

    async def receive(self, count: int) -> list[Message]:
        while len(self.got) < count:
            data = await asyncio.wait_for(self.reader.read(100_000), 10)
            assert data, f"hung up after {self.got}"
            self.got += self.frames.feed(data)
        return self.got

    async def hung_up(self) -> list[Message]:
        """Return what came before the other end hung up."""
        try:
            while data := await asyncio.wait_for(self.reader.read(100_000), 10):
                self.got += self.frames.feed(data)
        except ConnectionResetError:
            pass
        return self.got


def talk(
    tmp_path: Path,
    desk: Desk,
    script: Callable[[Server, Callable[[], Awaitable[Client]]], Awaitable[None]],
    bounds: Bounds | None = None,
) -> None:
    """Run a script against a server."""

    async def run() -> None:
        server = Server(desk.take, desk.counted.append, bounds)
        await server.listen(bind(str(tmp_path / "run/s")))

        clients: list[Client] = []

        async def connect() -> Client:
            clients.append(Client(*await asyncio.open_unix_connection(str(tmp_path / "run/s"))))
            return clients[-1]

        try:
            await script(server, connect)
        finally:
            server.close()
            for client in clients:
                client.writer.close()
            await asyncio.sleep(0.01)

    asyncio.run(run())


def asks(count: int) -> bytes:
    return b"".join(encode(Ask(str(n), f"alias-{n}")) for n in range(count))


def test_questions_are_answered_and_the_kernel_says_who_asks(tmp_path: Path) -> None:
    desk = Desk()

    async def script(server: Server, connect: Callable[[], Awaitable[Client]]) -> None:
        client = await connect()
        client.send(encode(Ask("a", "fs-vfat", kernel=True))[:9])
        await asyncio.sleep(0)
        client.send(encode(Ask("a", "fs-vfat", kernel=True))[9:], asks(3))
        got = await client.receive(4)
        assert got == [Answer("a", DONE), *[Answer(str(n), DONE) for n in range(3)]]

    talk(tmp_path, desk, script)
    ask, peer = desk.asked[0]
    assert ask.kernel and (peer.pid, peer.uid) == (os.getpid(), os.geteuid())
    assert peer.comm == Path("/proc/self/comm").read_text().strip()
    assert (tmp_path / "run/s").stat().st_mode & 0o777 == 0o666


def test_only_so_many_questions_are_open_and_the_rest_waits_unread(tmp_path: Path) -> None:
    desk = Desk(keep=True)

    async def script(server: Server, connect: Callable[[], Awaitable[Client]]) -> None:
        client = await connect()
        client.send(asks(5000))
        reading = asyncio.ensure_future(client.receive(5000))
        answered = 0
        while answered < 5000:
            while not desk.kept:
                await asyncio.sleep(0)
            assert len(desk.kept) <= 4
            (connection,) = server.connections
            assert connection._frames.held < 20_000
            desk.kept.pop()(DONE)
            answered += 1
        assert len(await reading) == 5000

    talk(tmp_path, desk, script, Bounds(open_questions=4))
    assert [ask.alias for ask, _ in desk.asked] == [f"alias-{n}" for n in range(5000)]


def test_one_who_takes_no_answers_is_not_read_and_then_cut(tmp_path: Path) -> None:
    desk = Desk()

    async def script(server: Server, connect: Callable[[], Awaitable[Client]]) -> None:
        deaf = socket.socket(socket.AF_UNIX)
        deaf.connect(str(tmp_path / "run/s"))
        deaf.setblocking(False)
        flood = asks(100_000)
        other = await connect()
        while "slow" not in desk.counted:
            with suppress(BlockingIOError):
                flood = flood[deaf.send(flood) :]
            other.got.clear()
            other.send(asks(1))
            await other.receive(1)  # it is not kept waiting
        assert len(flood) > 1_000_000
        while len(server.connections) > 1:
            await asyncio.sleep(0.01)
        deaf.close()

    talk(tmp_path, desk, script, Bounds(unread_seconds=0.1))
    assert len(desk.asked) < 20_000


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"GET / HTTP/1.1\r\n", "frames start with lkm1"),
        (b"x" * 20_000, "longer than 9000"),
        (encode(Answer("1", DONE)), "only questions"),
        (asks(2) + b"\n" + asks(2), "frames start with lkm1"),
    ],
)
def test_nonsense_is_told_and_hung_up_on(tmp_path: Path, data: bytes, words: str) -> None:
    desk = Desk()

    async def script(server: Server, connect: Callable[[], Awaitable[Client]]) -> None:
        client = await connect()
        client.send(data)
        *answers, fault = await client.hung_up()
        assert isinstance(fault, Fault) and words in fault.text and not fault.mark
        assert len(answers) == len(desk.asked) == (2 if data.startswith(b"lkm1\task") else 0)
        while server.connections:
            await asyncio.sleep(0)

    talk(tmp_path, desk, script)
    assert desk.counted == ["connected", "fault"]


def test_a_frame_that_takes_too_long_and_one_who_says_nothing(tmp_path: Path) -> None:
    desk = Desk()

    async def script(server: Server, connect: Callable[[], Awaitable[Client]]) -> None:
        slow, silent = await connect(), await connect()
        slow.send(asks(1)[:5])
        fault = (await slow.hung_up())[0]
        assert isinstance(fault, Fault) and "does not come to its end" in fault.text
        assert await silent.hung_up() == []

    talk(tmp_path, desk, script, Bounds(frame_seconds=0.05, idle_seconds=0.1))
    assert sorted(desk.counted) == ["connected", "connected", "idle", "slow"]


def test_who_waits_for_an_answer_may_be_silent(tmp_path: Path) -> None:
    desk = Desk(keep=True)

    async def script(server: Server, connect: Callable[[], Awaitable[Client]]) -> None:
        client = await connect()
        client.send(asks(1), asks(2)[:7])
        await asyncio.sleep(0.3)
        desk.kept[0](DONE)
        assert await client.receive(1) == [Answer("0", DONE)]

    talk(tmp_path, desk, script, Bounds(frame_seconds=0.05, idle_seconds=0.05, open_questions=1))


def test_a_frame_that_waited_for_us_is_not_slow(tmp_path: Path) -> None:
    """The loop may stand still for longer than a frame may take, and be late to look."""
    desk = Desk(keep=True)

    async def script(server: Server, connect: Callable[[], Awaitable[Client]]) -> None:
        client = await connect()
        client.send(asks(3)[:-5])
        for _ in range(2):
            while not desk.kept:
                await asyncio.sleep(0)
            (connection,) = server.connections
            time.sleep(0.06)
            desk.kept.pop()(DONE)
            connection.sweep(time.monotonic())
            assert not connection._deaf
        client.send(asks(3)[-5:])
        while not desk.kept:
            await asyncio.sleep(0)
        desk.kept.pop()(DONE)
        assert len(await client.receive(3)) == 3

    talk(tmp_path, desk, script, Bounds(frame_seconds=0.05, open_questions=1))


def test_questions_wait_while_there_is_no_room_for_their_record(tmp_path: Path) -> None:
    desk = Desk()

    async def script(server: Server, connect: Callable[[], Awaitable[Client]]) -> None:
        server.busy = lambda: len(desk.asked) == 3 and not full.is_set()
        full = asyncio.Event()
        client = await connect()
        client.send(asks(5))
        assert len(await client.receive(3)) == 3
        await asyncio.sleep(0.12)
        assert len(desk.asked) == 3
        full.set()
        assert len(await client.receive(5)) == 5

    talk(tmp_path, desk, script)


def test_who_goes_is_told_of(tmp_path: Path) -> None:
    desk = Desk(keep=True)

    async def script(server: Server, connect: Callable[[], Awaitable[Client]]) -> None:
        client = await connect()
        client.send(asks(3))
        while len(desk.kept) < 3:
            await asyncio.sleep(0)
        desk.kept[0](DONE)
        client.writer.close()
        while desk.gone < 2:
            await asyncio.sleep(0)
        desk.kept[1](DONE)  # too late, and no harm
        assert not server.connections

    talk(tmp_path, desk, script)
    assert desk.gone == 2


def test_users_have_bounds_that_root_does_not_feel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    uids = iter([1, 1, 1, 2, 3, 0, 0])
    server = Server(desk.take, desk.counted.append, Bounds(connections=5, users=3, user=2))

    class Someone:
        def __init__(self, uid: int) -> None:
            self.peer = Peer(1, uid)

    said = [server.enter(Someone(uid)) for uid in uids]  # type: ignore[arg-type]
    full = "there are too many connections"
    assert said == ["", "", f"{full} of users", "", f"{full} of users", "", ""]
    assert server.enter(Someone(0)) == full  # type: ignore[arg-type]
    gone = next(c for c in server.connections if c.peer.uid == 1)
    server.leave(gone)
    server.leave(gone)
    assert server.enter(Someone(1)) == ""  # type: ignore[arg-type]


def test_no_room_is_told(tmp_path: Path) -> None:
    desk = Desk()

    async def script(server: Server, connect: Callable[[], Awaitable[Client]]) -> None:
        first = await connect()
        first.send(asks(1))
        await first.receive(1)
        second = await connect()
        assert await second.hung_up() == [Fault("", "there are too many connections")]

    talk(tmp_path, desk, script, Bounds(connections=1))
    assert desk.counted == ["connected", "full"]


def test_a_socket_that_was_left_is_replaced_and_one_in_use_is_not(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    bind(path).close()
    with bind(path), pytest.raises(MachineError, match="another daemon listens") as caught:
        bind(path)
    assert caught.value.errno == 98 and "--socket" in caught.value.hint
    (tmp_path / "s").unlink()
    (tmp_path / "s").mkdir()
    with pytest.raises(MachineError):
        bind(path)
    with pytest.raises(MachineError):
        bind(f"{tmp_path}/{'x' * 200}")
