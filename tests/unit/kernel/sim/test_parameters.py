"""Parameter values: what a real Linux 6.1 answered to each."""

from __future__ import annotations

from errno import EINVAL, ENOSPC, ERANGE
from pathlib import Path

import pytest

from lkm.kernel.sim.parameters import give, split
from lkm.kernel.sim.world import World
from lkm.modfile.kernelparam import UNSAFE, KernelParam


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        *(("int", "abc", EINVAL), ("int", "1.5", EINVAL), ("int", None, EINVAL), ("int", "12x", EINVAL)),
        *(("int", "0x10", 0), ("int", "010", 0), ("int", "-3", 0), ("int", "99999999999", ERANGE)),
        *(
            ("int", "99999999999x", EINVAL),
            ("int", "9" * 5000 + "x", ERANGE),
            ("int", "7\n", 0),
            ("int", "08", EINVAL),
        ),
        *(("uint", "-1", EINVAL), ("byte", "256", ERANGE), ("bool", None, 0), ("bool", "maybe", EINVAL)),
        *(("array of int", "1,2,x", EINVAL), ("array of int", "1,2", 0), ("charp", "", 0)),
    ],
)
def test_values(tmp_path: Path, kind: str, value: str | None, expected: int) -> None:
    assert given(tmp_path, KernelParam("p", kind, bare=kind == "bool"), value)[0] == expected


def given(place: Path, parameter: KernelParam, value: str | None) -> tuple[int, str, list[str]]:
    world = World.create(str(place / "w"), {})
    number, shown = give(world, parameter, value)
    return number, shown, [text for (text,) in world.db.execute("SELECT text FROM log ORDER BY seq")]


@pytest.mark.parametrize(
    ("parameter", "value", "expected"),
    [
        (KernelParam("p", "array of int", limit=2), "1,2,3", (EINVAL, "1", ["p: can only take 2 arguments"])),
        (KernelParam("p", "array of int", limit=2), "1,2", (0, "1", [])),
        (KernelParam("p", "array of byte", limit=2), "7,256", (ERANGE, "7", [])),
        (KernelParam("p", "string", limit=8), "1234567", (0, "1234567", [])),
        (
            KernelParam("p", "string", limit=8),
            "12345678",
            (ENOSPC, "12345678", ["p: string doesn't fit in 7 chars."]),
        ),
        (KernelParam("p", "charp"), "x" * 1025, (ENOSPC, "x" * 1025, ["p: string parameter too long"])),
        (
            KernelParam("p", "int", flags=UNSAFE),
            "1",
            (0, "1", ["Setting dangerous option p - tainting kernel"]),
        ),
        (KernelParam("p", ""), "whatever", (0, "whatever", [])),
    ],
)
def test_lengths_counts_and_dangers(
    tmp_path: Path, parameter: KernelParam, value: str, expected: tuple[int, str, list[str]]
) -> None:
    assert given(tmp_path, parameter, value) == expected


def test_quotes_and_the_double_dash() -> None:
    assert split('a="x y" b') == ([("a", "x y"), ("b", None)], None)
    assert split("a=1 -- b=2") == ([("a", "1")], "b=2")
    assert split("a=1 --") == ([("a", "1")], "")
