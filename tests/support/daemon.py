"""A real daemon to test with, and clients of it that mean well, or not."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from lkm.autoload.nouns import Outcome
from lkm.autoload.wire import MAX_FRAME, Answer, Ask, Fault, encode
from lkm.system.client import Line
from tests.support.elfwriter import build_module

LKM = str(Path(sys.executable).with_name("lkm"))


def until(true: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait for something that is going to be so; raises AssertionError when it is not in time."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it was not so in time"
        time.sleep(0.005)


class Daemon:
    """``lkm lkmd`` with its socket and history in a directory. ``said`` is what it wrote to stderr so far."""

    def __init__(self, place: Path, *options: str, environment: dict[str, str] | None = None) -> None:
        self.socket = str(place / "socket")
        self.history = place / "history.jsonl"
        self._log = place / "log"
        words = [LKM, "lkmd", "--socket", self.socket, "--log", "stderr", "-v", "--no-modules-load", *options]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                words, stderr=log, env={**os.environ, "LKM_HISTORY": str(self.history), **(environment or {})}
            )

    def __enter__(self) -> Daemon:
        until(lambda: self.process.poll() is not None or "ready" in self.said)
        assert self.process.poll() is None, self.said
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def said(self) -> str:
        return self._log.read_text() if self._log.exists() else ""

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it; return its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(30)

    def ask(self, *names: str, seconds: float = 20.0) -> list[Outcome]:
        """Return what comes of requests that are made at once on one connection."""
        return ask(self.socket, *names, seconds=seconds)

    def memory(self) -> int:
        """Return the resident kilobytes of the daemon itself."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(text.split("VmRSS:")[1].split()[0])

    def entries(self) -> list[dict[str, Any]]:
        """Return the history."""
        return [json.loads(line) for line in self.history.read_text().splitlines()] if self.history.exists() else []


def ask(path: str, *names: str, seconds: float = 20.0) -> list[Outcome]:
    """Return what comes of requests that are made at once on one connection; raises ConnectionError."""
    line = Line(path, seconds)
    try:
        for number, name in enumerate(names):
            line.send(Ask(str(number), name))
        answers: dict[int, Outcome] = {}
        end = time.monotonic() + seconds
        while len(answers) < len(names):
            got = line.receive(end)
            if got is None or isinstance(got, Fault):
                raise ConnectionError(got.text if got else "hung up")
            answers[int(got.mark)] = got.outcome
        return [answers[number] for number in range(len(names))]
    finally:
        line.close()


@contextmanager
def nobody() -> Iterator[None]:
    """Be user nobody for the kernel, as far as sockets go."""
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


KINDS = ("oversized", "endless", "truncated", "slow", "random", "version", "escape", "answer", "many", "unread")


class Attacker:
    """Sends what no client should. Some connections are left hanging; their number is bounded."""

    def __init__(self, path: str, seed: int, names: Sequence[str] = ("fs-vfat",)) -> None:
        self._path = path
        self._chance = random.Random(seed)
        self._names = names
        self._hanging: list[socket.socket] = []
        self.sent = 0
        self.kinds: dict[str, int] = {}

    def frame(self) -> None:
        """Make one attack on a connection of its own."""
        kind = self._chance.choice(KINDS)
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        self.sent += 1
        client = socket.socket(socket.AF_UNIX)
        with suppress(OSError):
            client.connect(self._path)
            client.settimeout(5)
            client.sendall(self._data(kind))
        if kind in ("slow", "unread"):
            self._hanging.append(client)
            if len(self._hanging) > 40:
                self._hanging.pop(self._chance.randrange(40)).close()
        else:
            client.close()

    def _data(self, kind: str) -> bytes:
        chance = self._chance
        whole = encode(Ask("1", chance.choice(self._names)))
        return {
            "oversized": b"lkm1\task\t1\t\t" + b"x" * chance.randrange(MAX_FRAME, 4 * MAX_FRAME) + b"\n",
            "endless": b"y" * chance.randrange(MAX_FRAME, 8 * MAX_FRAME),
            "truncated": whole[: chance.randrange(len(whole))],
            "slow": whole[: chance.randrange(1, len(whole))],
            "random": chance.randbytes(chance.randrange(1, 3000)),
            "version": b"lkm9" + whole[4:],
            "escape": b"lkm1\task\t1\t\tfs\\vfat\n",
            "answer": encode(Answer("1", Outcome(0, "done", ("x",)))),
            "many": whole * 50,
            "unread": whole * 500,
        }[kind]

    def close(self) -> None:
        """Let go of what hangs."""
        for client in self._hanging:
            client.close()


SHAPES: dict[str, tuple[list[str], list[str], list[str]]] = {
    "fat": ([], ["fat_scan"], ["printk"]),
    "msdos": (["fs-msdos", "both"], [], ["fat_scan"]),
    "vfat": (["fs-vfat", "both", "pci:v00000001d*"], [], ["fat_scan"]),
    "other": (["fs-other"], [], []),
    "slow": (["fs-slow"], [], []),
}


def sim_world(place: Path) -> dict[str, str]:
    """Make a simulated kernel with a few modules, one of which is for another kernel; return what names it."""
    modules = place / "tree/lib/modules/1.0"
    modules.mkdir(parents=True)
    for name, (aliases, exports, needs) in SHAPES.items():
        vermagic = "2.0 " if name == "other" else "1.0 "
        info = [("license", "GPL"), ("vermagic", vermagic), ("intree", "Y"), *[("alias", alias) for alias in aliases]]
        (modules / f"{name}.ko").write_bytes(build_module(name, modinfo=info, exports=exports, needs=needs))
    for name in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
        (modules / name).write_bytes(b"")
    subprocess.run([LKM, "depmod", "-b", str(place / "tree"), "1.0"], check=True)
    words = [LKM, "sim", "new", str(place / "w"), "--tree", str(place / "tree")]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return {"LKM_KERNEL": f"sim:{place}/w"}
