"""The daemon's client against sockets that answer well, badly, slowly, or not at all."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from lkm.autoload.nouns import Outcome
from lkm.autoload.wire import Answer, Ask, Fault, encode
from lkm.system.client import Line, ask

DONE = Outcome(0, "done", ("fat", "vfat"), "", 0.25)


def serve(path: Path, *parts: bytes, hold: bool = False, asks: int = 1) -> threading.Event:
    """Answer one client with these parts, each sent by itself; with ``hold`` then wait until the event is set."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    over = threading.Event()

    def run() -> None:
        client, _ = listener.accept()
        with listener, client:
            heard = b""
            while heard.count(b"\n") < asks and (data := client.recv(10_000)):
                heard += data
            for part in parts:
                client.sendall(part)
            if hold:
                over.wait(10)

    threading.Thread(target=run, daemon=True).start()
    return over


def test_an_answer(tmp_path: Path) -> None:
    frame = encode(Answer("1", DONE))
    serve(tmp_path / "s", frame[:7], frame[7:])
    assert ask("fs-vfat", 5, path=str(tmp_path / "s")) == DONE


@pytest.mark.parametrize(
    "said",
    [b"", b"what?\n", encode(Fault("1", "no room")), encode(Answer("2", DONE)), encode(Ask("1", "x")), b"x" * 20_000],
)
def test_no_outcome_is_none(tmp_path: Path, said: bytes) -> None:
    serve(tmp_path / "s", said)
    assert ask("fs-vfat", 5, path=str(tmp_path / "s")) is None


def test_no_daemon_and_an_alias_that_cannot_be_asked_for(tmp_path: Path) -> None:
    assert ask("fs-vfat", 5, path=str(tmp_path / "nobody")) is None
    serve(tmp_path / "s")
    assert ask("x" * 5000, 5, path=str(tmp_path / "s")) is None
    assert ask("x", 5, path="/" + "x" * 200) is None  # longer than an address may be


def test_the_bound_holds_even_when_bytes_trickle_in(tmp_path: Path) -> None:
    over = serve(tmp_path / "s", encode(Answer("1", DONE))[:10], hold=True)
    start = time.monotonic()
    assert ask("fs-vfat", 0.05, path=str(tmp_path / "s")) is None
    assert time.monotonic() - start < 5
    over.set()


def test_many_questions_on_one_line(tmp_path: Path) -> None:
    answers: list[Answer | Fault] = [Answer("1", DONE), Fault("2", "no room"), Answer("3", DONE)]
    serve(tmp_path / "s", b"".join(encode(answer) for answer in answers), asks=3)
    line = Line(str(tmp_path / "s"))
    for number in range(1, 4):
        line.send(Ask(str(number), "fs-vfat"))
    until = time.monotonic() + 5
    assert [line.receive(until) for _ in answers] == answers
    assert line.receive(until) is None
    line.close()


def test_it_waits_while_others_are_let_in(tmp_path: Path) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "s"))
    listener.listen(0)
    first = Line(str(tmp_path / "s"))
    start = time.monotonic()
    assert ask("x", 0.1, path=str(tmp_path / "s")) is None
    assert 0.05 < time.monotonic() - start < 5

    def let_in() -> None:
        time.sleep(0.1)
        listener.accept()[0].close()

    letting = threading.Thread(target=let_in)
    letting.start()
    Line(str(tmp_path / "s")).close()
    letting.join()
    first.close()
    listener.close()


def test_its_import_is_small() -> None:
    script = "import sys; b = set(sys.modules); import lkm.system.client; print(*sorted(set(sys.modules) - b))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert [m for m in done.stdout.split() if not m.startswith("lkm")] == ["__future__", "_socket", "_struct"]
