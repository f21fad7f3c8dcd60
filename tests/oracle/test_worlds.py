"""Drawn worlds of configuration: modprobe's answers are kmod's, or differ by what the list of mended defects says.

Ours is as users have it, on real configuration directories; nothing of it is put back before the comparison.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, seed, settings

from lkm.report.config import INDEXES_FOLLOW
from tests.oracle.mended import ALL, MENDED
from tests.support.arena import Arena, Call, Verdict, World, arena
from tests.support.configworlds import OLD_WAYS, WAYS, worlds
from tests.support.trees import uml_modules
from tests.support.worlds import MODULES

pytestmark = pytest.mark.oracle
#: Words of calls that see to it that nothing is done.
KEEPS = {word for way in (*WAYS, *OLD_WAYS) for word in way}
#: How many the sweep draws, of ten calls each: some six minutes.
WORLDS = int(os.environ.get("LKM_WORLDS", "2500"))
FIXED = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """A tree of the few modules that worlds speak of, indexed by kmod's depmod, and an arena for it."""
    root, release = uml_modules()
    old, new = root / "lib/modules" / release, tmp_path_factory.mktemp("worlds") / "lib/modules" / release
    for file in sorted(old.rglob("*.ko")):
        if file.stem.replace("-", "_") in MODULES:
            (new / file.relative_to(old)).parent.mkdir(parents=True, exist_ok=True)
            (new / file.relative_to(old)).symlink_to(file)
    for name in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
        (new / name).write_bytes((old / name).read_bytes())
    top = new.parents[2]
    subprocess.run(["/sbin/depmod", "-b", str(top), release], check=True)
    with arena(top, release) as opened:
        yield opened


class Tally:
    """Counts what was compared, and keeps what nothing explains."""

    def __init__(self) -> None:
        self.worlds = self.calls = 0
        self.explained: Counter[str] = Counter()
        self.unexplained: list[tuple[World, Verdict]] = []

    def add(self, world: World, verdicts: list[Verdict]) -> None:
        self.worlds += 1
        for verdict in verdicts:
            self.calls += 1
            if verdict.explained is None:
                self.unexplained.append((world, verdict))
            else:
                self.explained.update(verdict.explained)

    def __str__(self) -> str:
        by = ", ".join(f"{m.name} {self.explained[m.name]}" for m in MENDED)
        return (
            f"{self.worlds} worlds of configuration, {self.calls} commands compared with kmod's; differences by "
            f"entry of the list: {by}; unexplained: {len(self.unexplained)}"
        )


def smaller(world: World, call: Call, place: Arena) -> tuple[World, Verdict]:
    """Return a world of one call from which nothing can be left out without that the difference goes."""
    world = world._replace(calls=(call,))
    verdict = place.verdicts(world)[0]
    done = False
    while not done:
        done = True
        for fewer in _with_less(world):
            found = place.verdicts(fewer)[0]
            if found.explained is None:
                world, verdict, done = fewer, found, False
                break
    return world, verdict


def _with_less(world: World) -> Iterator[World]:
    (call,) = world.calls
    for name, text in world.files.items():
        others = {other: each for other, each in world.files.items() if other != name}
        yield world._replace(files=others)
        rows = text.splitlines(keepends=True)
        for at in range(len(rows) if len(rows) > 1 else 0):
            yield world._replace(files={**world.files, name: "".join(rows[:at] + rows[at + 1 :])})
    for name in world.modules:
        yield world._replace(modules={m: state for m, state in world.modules.items() if m != name})
    if world.cmdline:
        yield world._replace(cmdline=world.cmdline.rpartition(" ")[0])
    for at in [at for at, word in enumerate(call.arguments) if word not in KEEPS]:
        yield world._replace(calls=(Call(call.arguments[:at] + call.arguments[at + 1 :], call.environment),))
    if call.environment:
        yield world._replace(calls=(Call(call.arguments),))


def report(world: World, verdict: Verdict) -> str:
    """Return what differs in which world, without the dump of the indexes where that is alike."""
    tails = {answer[1].partition(INDEXES_FOLLOW)[2] for answer in (verdict.theirs, verdict.ours)}
    end = tails.pop() if len(tails) == 1 else ""
    theirs, ours = ((status, out.removesuffix(end)) for status, out in (verdict.theirs, verdict.ours))
    return f"{verdict.call}\n  in {world}\n  kmod: {theirs}\n  ours: {ours}"


def run(place: Arena, count: int, *, fixed: bool, tell: Callable[[str], None]) -> Tally:
    tally = Tally()

    @settings(max_examples=count, derandomize=fixed, database=None, deadline=None, suppress_health_check=FIXED)
    @given(worlds())
    def one(world: World) -> None:
        tally.add(world, place.verdicts(world))

    if not fixed and os.environ.get("LKM_SEED"):
        one = seed(os.environ["LKM_SEED"])(one)
    one()
    tell(str(tally))
    reports = [report(*smaller(world, verdict.call, place)) for world, verdict in tally.unexplained]
    assert not tally.unexplained, "\n\n".join([str(tally), *dict.fromkeys(reports)])
    return tally


def test_the_manual_has_the_same_list() -> None:
    manual = (Path(__file__).parents[2] / "docs/modprobe.md").read_text()
    section = manual.partition("\n## All that differs from kmod's in drawn worlds\n")[2].partition("\n## ")[0]
    listed = [" ".join(item.split()) for item in re.split(r"^- ", section, flags=re.M)[1:]]
    assert listed == [f"{m.text}." if m is ALL[-1] else f"{m.text};" for m in ALL]


def test_drawn_worlds(place: Arena, tell: Callable[[str], None]) -> None:
    assert run(place, 60, fixed=True, tell=tell).calls == 600


@pytest.mark.sweep
@pytest.mark.timeout(3600)
def test_thousands_of_drawn_worlds(place: Arena, tell: Callable[[str], None]) -> None:
    tally = run(place, WORLDS, fixed=False, tell=tell)
    assert tally.worlds == WORLDS
    never = [m.name for m in MENDED if not tally.explained[m.name]]
    assert not never, f"no world shows {never}"
