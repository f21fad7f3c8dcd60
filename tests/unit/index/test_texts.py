"""The text files: one bad line is told with its place, and the others are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lkm.index.build import Modules, build, build_aliases, resolve
from lkm.index.cache import Column, pack
from lkm.index.texts import (
    DeviceNode,
    parse_aliases,
    parse_builtin_modinfo,
    parse_dep,
    parse_devname,
    parse_directives,
    parse_paths,
)
from lkm.names import ModuleName


@pytest.mark.parametrize(
    ("parser", "text", "bad_line"),
    [
        (parse_dep, "a.ko:\nno colon\nb.ko: a.ko\n", 2),
        (parse_aliases, "# comment\nalias a b\nalias\nalias c d\n", 3),
        (parse_directives, "softdep a pre: b\nsoftdep c\nweakdep a b\n", 2),
        (parse_devname, "a a c1:2\n\nb b x1:2\nc c/d b7:0\n", 3),
        (parse_paths, "k/a.ko\nk/b.ko\nk/c\n", 3),
    ],
)
def test_a_bad_line_is_told_and_the_rest_read(parser: Callable[..., Any], text: str, bad_line: int) -> None:
    found, problems = parser(text, "f")
    assert len(found) == 2
    assert [str(problem.origin) for problem in problems] == [f"f:{bad_line}"]
    assert problems[0].text == text.split("\n")[bad_line - 1]


@pytest.mark.parametrize("line", ["a a", "a a c:", "a a c1", "a a c1:x", "a c1:2", "a a c\u0661:2", "a a c1:-2"])
def test_a_device_needs_a_name_and_two_numbers(line: str) -> None:
    found, problems = parse_devname(line)
    assert (found, len(problems)) == ((), 1)


def test_records_of_built_in_modules_need_a_name_a_key_and_an_end() -> None:
    found, problems = parse_builtin_modinfo("a.x=1\0nodot\0.y=2\0a.z=\0b.q=3")
    assert found == {"a": (("x", "1"), ("z", ""))}
    assert [problem.origin.line for problem in problems] == [2, 3, 5]


def test_what_depmod_writes_is_read_back_without_a_problem() -> None:
    info = [b"alias=fs-a", b"alias=devname:x/y", b"alias=char-major-10-3", b"softdep=pre: b", b"weakdep=c"]
    exports, needs = Column.of([b"f\0", b""]), Column.of([b"", b"f\0"])
    facts = (Column.of([pack(info), b""]), exports, needs, Column.of([b"", b""]))
    modules = Modules([b"a", b"b"], [b"k/a.ko", b"k/b.ko"], *facts)
    made = build(modules, resolve(modules), lambda: build_aliases(modules), b"k/c.ko\n", b"c.license=GPL\0")
    text = {name: data.decode("latin-1") for name, data in made.files.items()}
    assert made.notes == []
    assert [(e.path, e.depends) for e in parse_dep(text["modules.dep"])[0]] == [
        ("k/a.ko", ()),
        ("k/b.ko", ("k/a.ko",)),
    ]
    assert parse_aliases(text["modules.alias"])[0][0] == ("fs-a", "a")
    assert parse_aliases(text["modules.symbols"])[0] == (("symbol:f", "a"),)
    assert parse_directives(text["modules.softdep"], "")[0] == (("a", "pre: b"),)
    assert parse_directives(text["modules.weakdep"], "")[0] == (("a", "c"),)
    node = DeviceNode(ModuleName("a"), "x/y", "c", 10, 3)
    assert parse_devname(text["modules.devname"])[0] == (node,)
