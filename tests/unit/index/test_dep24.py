"""modules.dep of modutils 2.4: who needs whom by symbols, and the file's own form."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lkm.formats.source import BytesSource
from lkm.index.dep24 import dep_text, depends, parse_dep
from lkm.modfile.object24 import Object24, read24
from tests.support.modules24 import SHIPPED


def module(exports: tuple[str, ...] = (), needs: tuple[str, ...] = (), weak: tuple[str, ...] = ()) -> Object24:
    return Object24(32, "little", 3, (), 100, (), exports=exports, needs=needs, weak=weak)


def test_the_shipped_modules() -> None:
    files = [(p.stem, read24(BytesSource(p.read_bytes(), p.name))) for p in sorted(SHIPPED.glob("*.o"))]
    needs = {path: found for path, found in depends(files).rows if found}
    assert needs == {
        "lp": ("parport",),
        "msdos": ("fat",),
        "msdos-r": ("fat",),
        "ne": ("8390",),
        "parport_pc": ("parport",),
        "vfat": ("fat",),
    }


def test_all_that_is_needed_with_the_first_to_load_last() -> None:
    files = [("top", module((), ("b", "a"))), ("mid", module(("b",), ("a",))), ("low", module(("a",)))]
    assert dict(depends(files).rows) == {"top": ("mid", "low"), "mid": ("low",), "low": ()}


def test_unresolved_are_told_when_the_kernel_is_known() -> None:
    files = [
        ("m", module(("init_module",), ("printk", "gone"), ("weak",))),
        ("n", module((), ("init_module", "locked"))),
    ]
    assert depends(files).unresolved == ()
    found = depends(files, ("printk", "GPLONLY_locked"))
    assert found.unresolved == (("m", ("gone",)), ("n", ("init_module",)))


def test_versions_fit_themselves_and_names_without_one() -> None:
    owners = [("new", module(("f_R11111111",))), ("old", module(("g",)))]
    needs = ("f_R11111111", "g_R22222222")
    assert dict(depends([*owners, ("m", module((), needs))]).rows)["m"] == ("old", "new")
    assert dict(depends([*owners, ("m", module((), ("f",)))]).rows)["m"] == ("new",)
    changed = depends([*owners, ("m", module((), ("f_R33333333",)))], ())
    assert changed.unresolved == (("m", ("f_R33333333",)),)


def test_circles_are_told_and_end() -> None:
    found = depends([("a", module(("x",), ("y",))), ("b", module(("y",), ("x",)))])
    assert found.circles == (("a", "b"),)
    assert dict(found.rows) == {"a": ("b",), "b": ("a",)}


paths = st.text(alphabet="/abc.o_-", min_size=1, max_size=8)


@given(st.dictionaries(paths, st.lists(paths, max_size=4).map(tuple), max_size=6))
def test_what_was_written_is_read_again(rows: dict[str, tuple[str, ...]]) -> None:
    text = dep_text(tuple(rows.items()))
    assert parse_dep(text, "modules.dep") == (rows, ())
    assert text.count("\n\n") == len(rows)


def test_lines_of_nonsense_are_told() -> None:
    found, problems = parse_dep("/a.o: \\\n\t/b.o \\\n /c.o\nnonsense\n: x\n/d.o:\n", "dep")
    assert found == {"/a.o": ("/b.o", "/c.o"), "/d.o": ()}
    assert [str(p.origin) for p in problems] == ["dep:4", "dep:5"]


@given(st.text(alphabet="/a.o:\\ \t\n"))
def test_reading_never_raises_and_tells_each_line_that_is_left_out(text: str) -> None:
    found, problems = parse_dep(text, "dep")
    assert all(path and path == path.strip() for path in found)
    assert all(1 <= problem.origin.line <= text.count("\n") + 1 for problem in problems)
