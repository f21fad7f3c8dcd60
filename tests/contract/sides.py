"""The two sides of the contract: a guest with the real kernel, and a simulated kernel made from the same binary."""

from __future__ import annotations

import errno
import json
import sys
from collections.abc import Callable
from pathlib import Path

from lkm import lab
from lkm.cli import sim
from lkm.kernel.interface import Outcome, Refused
from lkm.kernel.sim import requests
from lkm.kernel.sim.kernel import SimulatedKernel
from tests.contract.play import DEVICES, MOUNTS, Answer, Call, descriptor, play

ROOT = Path(__file__).parents[2]


Answers = list[list[Answer]]


def on_real(
    scripts: list[list[Call]], directory: Path, kernel: str | Path = "uml", append: str = "", timeout: float = 60
) -> Answers:
    """Play the scripts in one boot; a guest that ends early is an error, told with its log."""
    asked = directory / "scripts.json"
    asked.write_text(json.dumps(scripts))
    command = ["env", f"PYTHONPATH={ROOT}", sys.executable, "-m", "tests.contract.guest", str(asked), str(directory)]
    result = lab.run(command, kernel, timeout=timeout, append=append)
    answers = [json.loads(line) for line in result.stdout.decode("utf-8", "replace").splitlines()]
    assert len(answers) == len(scripts), (result.end, result.stderr.decode()[-2000:], result.log[-3000:])
    return answers


def new_world(path: Path, image: Path, policy: str = "") -> None:
    """Make a world from a kernel's image."""
    words = ["--policy", policy] if policy else []
    assert sim.main(["sim", "new", str(path), "--image", str(image), *words]) == 0


def on_simulated(scripts: list[list[Call]], directory: Path, world: Path) -> Answers:
    """Play the scripts on a world."""
    side = Simulated(world)
    side.kernel.world.db.execute("PRAGMA synchronous = OFF")
    answers = [play(side, str(directory), script) for script in scripts]
    assert side.kernel.world.check() == ()
    return answers


class Simulated:
    """A world as a side."""

    base: frozenset[str] = frozenset()

    def __init__(self, world: Path) -> None:
        self.kernel = SimulatedKernel(str(world))
        self.odd_file = world.with_name("odd")
        self.odd_file.write_bytes(b"x" * 100)
        self.seen = 0

    def load(self, path: str, text: str, flags: int, init: int) -> int:
        name = Path(path).stem
        db = self.kernel.world.db
        if init:
            db.execute("INSERT OR REPLACE INTO faults VALUES(?, 'init', ?)", (name, str(init)))
        with open(path, "rb") as file:
            outcome = self.kernel.finit(file.fileno(), text, flags, path)
        db.execute("DELETE FROM faults WHERE module = ?", (name,))
        return number(outcome)

    def init(self, path: str, text: str) -> int:
        return number(self.kernel.init(None if path == "-" else Path(path).read_bytes(), text))

    def odd(self, kind: str) -> int:
        fds = descriptor(kind, str(self.odd_file))
        return number(self.kernel.finit(fds[0]))

    def unload(self, name: str, force: bool) -> int:
        return number(self.kernel.unload(name, force=force))

    def write(self, path: str, text: str) -> int:
        return number(self.kernel.write(path, text))

    def use(self, thing: str) -> int:
        world = self.kernel.world
        if thing in MOUNTS:
            if world.db.execute("SELECT 1 FROM opened WHERE what = ?", (thing,)).fetchone():
                return errno.EBUSY  # it is there already (fs/namespace.c: do_add_mount)
            want = requests.filesystem(thing, "current")
        else:
            kind, major, minor = DEVICES[thing]
            want = requests.device({"c": "char", "b": "block"}[kind], major, minor, "current")
        answer = requests.fulfil(world, want, lambda _: 1)
        if not answer.errno:
            requests.use(world, thing, answer.owner)
        return answer.errno

    def release(self, thing: str) -> int:
        return 22 if requests.release(self.kernel.world, thing) is None else 0

    def nobody(self, make: Callable[[], int]) -> int:
        self.kernel.world.set_meta("cap_sys_module", "0")
        try:
            return make()
        finally:
            self.kernel.world.set_meta("cap_sys_module", "1")

    def said(self) -> list[str]:
        records = [r for r in self.kernel.log(self.seen + 1) if r.level <= 5]
        self.seen = max((r.sequence for r in self.kernel.log()[-1:]), default=0)
        return [f"<{record.level}>{record.text}" for record in records]

    def modules(self) -> list[list[str]]:
        rows = []
        for m in self.kernel.state().modules:
            users = [*m.holders, *(["[permanent]"] if m.permanent else [])]
            taint = f"({m.taint})" if m.taint else ""
            rows.append([m.name, str(m.size), str(m.refcount), ",".join([*users, ""]) or "-", m.state, taint])
            rows[-1][3] = rows[-1][3] if users else "-"
        return rows


def number(outcome: Outcome) -> int:
    return outcome.errno if isinstance(outcome, Refused) else 0
