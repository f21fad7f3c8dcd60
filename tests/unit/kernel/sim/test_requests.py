"""Which names a kernel asks for, in which order, and use counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from lkm.kernel.sim import requests
from lkm.kernel.sim.kernel import SimulatedKernel
from lkm.kernel.sim.requests import Want
from lkm.kernel.sim.world import World
from tests.unit.kernel.sim.test_world import make


@pytest.fixture
def world(tmp_path: Path) -> World:
    kernel = SimulatedKernel(str(make(tmp_path)))
    kernel.load(str(tmp_path / "low.ko"))
    return kernel.world


def provide(world: World, kind: str, name: str, number: int | None) -> None:
    world.db.execute("INSERT INTO resources VALUES(?, ?, ?, 'low', 1)", (kind, name, number))


@pytest.mark.parametrize(
    ("want", "helper_status", "asked", "errno"),
    [
        (requests.device("char", 10, 200, "current"), 1, ["char-major-10-200"], 19),
        (requests.device("char", 6, 0, "current"), 0, ["char-major-6-0"], 6),
        (requests.device("char", 6, 0, "current"), 1, ["char-major-6-0", "char-major-6"], 6),
        (requests.device("block", 7, 0, "current"), 1, ["block-major-7-0", "block-major-7"], 6),
        (requests.device("char", 6, 0, "2.4"), 1, ["char-major-6"], 19),
        (requests.device("char", 10, 1, "2.4"), 1, ["char-major-10-1"], 19),
        (requests.filesystem("msdos", "current"), 1, ["fs-msdos"], 19),
        (requests.filesystem("msdos", "2.4"), 1, ["msdos"], 19),
        (requests.family(21), 1, ["net-pf-21"], 97),
        (requests.interface("eth0", "current"), 1, ["netdev-eth0", "eth0"], 19),
        (requests.interface("eth0", "2.4"), 1, ["eth0"], 19),
        (requests.protocol(2, 1, 200, "current"), 0, ["net-pf-2-proto-200-type-1", "net-pf-2-proto-200"], 93),
        (requests.protocol(16, 3, 12, "current"), 1, ["net-pf-16-proto-12"], 93),
    ],
)
def test_names_when_nobody_serves(world: World, want: Want, helper_status: int, asked: list[str], errno: int) -> None:
    said: list[str] = []

    def helper(name: str) -> int:
        said.append(name)
        return helper_status

    answer = requests.fulfil(world, want, helper)
    assert (said, answer.errno) == (asked, errno)
    assert answer.asked == tuple((name, helper_status) for name in asked)


def test_what_is_there_is_not_asked_for_and_what_comes_is_found(world: World) -> None:
    def helper(name: str) -> int:
        provide(world, "filesystem", "x", 0)
        return 0

    first = requests.fulfil(world, requests.filesystem("x", "current"), helper)
    assert (first.asked, first.owner, first.errno) == ((("fs-x", 0),), "low", 0)
    assert requests.fulfil(world, requests.filesystem("x", "current"), helper).asked == ()


def test_uses_are_counted_and_end(world: World) -> None:
    def row() -> tuple[int, int]:
        found: tuple[int, int] = world.db.execute("SELECT usecount, flags FROM modules WHERE name = 'low'").fetchone()
        return found

    requests.use(world, "open /dev/x", "low")
    requests.use(world, "open /dev/x", "low")
    assert row() == (2, 1 | 8 | 16)
    assert [requests.release(world, "open /dev/x") for _ in range(3)] == ["low", "low", None]
    assert row()[0] == 0
    assert world.check() == ()
