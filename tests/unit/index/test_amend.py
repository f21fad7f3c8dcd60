"""Indexes that are changed are the bytes of those that are made anew; so is what the next change starts from."""

from __future__ import annotations

import random

import pytest

from lkm.errors import CycleError
from lkm.index import amend as amending
from lkm.index.amend import amend, amend_aliases, change_of
from lkm.index.build import Built, Modules, build, build_aliases, resolve
from lkm.index.cache import Cache, Column, Derived, pack
from lkm.names import name_from_path

INPUTS = (b"kernel/built.ko\n", b"built.alias=b-*\0")

#: path → records, exports, needs
Tree = dict[bytes, tuple[list[bytes], list[bytes], list[bytes]]]


def modules_of(tree: Tree) -> Modules:
    rows = list(tree.values())
    columns = [Column.of([pack(row[part]) for row in rows]) for part in range(3)]
    names = [name_from_path(path.decode()).encode() for path in tree]
    return Modules(names, list(tree), columns[0], columns[1], columns[2], Column.of([b""] * len(rows)))


def built(modules: Modules) -> Built:
    return build(modules, resolve(modules), lambda: build_aliases(modules), *INPUTS)


def drawn(draw: random.Random) -> tuple[list[bytes], list[bytes], list[bytes]]:
    aliases = [b"alias=" + draw.choice(ALIASES) for _ in range(draw.choice([0, 1, 1, 2, 5]))]
    records = [
        *aliases,
        *draw.sample([b"softdep=pre: a", b"weakdep=b", b"alias=devname:x"], draw.choice([0, 0, 0, 2])),
    ]
    return records, draw.sample(SYMBOLS, draw.choice([0, 0, 1, 3])), draw.sample(SYMBOLS, draw.choice([0, 1, 4]))


ALIASES = [b"pci:v%dd*sv-%d" % (i % 3, i) for i in range(9)] + [b"p", b"pci:*", b"x[0-9]-y", b"char-major-10-5", b""]
SYMBOLS = [b"sym%d" % i for i in range(12)] + [b"s", b"sy"]


def changed(tree: Tree, draw: random.Random) -> Tree:
    items = list(tree.items())
    for _ in range(draw.choice([1, 1, 1, 2, 4])):
        at = draw.randrange(len(items) + 1)
        path = b"kernel/m-%d.ko" % draw.randrange(40)
        kind = draw.choice(["add", "add last", "remove", "change", "rename", "move"])
        if kind in ("add", "add last") or at == len(items):
            if path not in dict(items):
                items.insert(at if kind == "add" else len(items), (path, drawn(draw)))
        elif kind == "remove":
            del items[at]
        elif kind == "change":
            items[at] = (items[at][0], drawn(draw))
        elif kind == "rename" and path not in dict(items):
            items[at] = (path, items[at][1])
        elif kind == "move":
            items.insert(draw.randrange(len(items)), items.pop(at))
    return dict(items)


@pytest.mark.parametrize("seed", range(30))
def test_amended_is_as_built(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(seed)
    monkeypatch.setattr(amending, "_MODULES", 1000)
    tree: Tree = {}
    modules, last = modules_of(tree), built(modules_of(tree))
    count = 0
    for _ in range(25):
        new = changed(tree, draw)
        cache = Cache(b"", b"", pack(modules.paths), columns(modules), b"", last.derived)
        places = {path: place for place, path in enumerate(tree)}
        kept = [places[path] if tree.get(path) == facts else -1 for path, facts in new.items()]
        made = amended(cache, last.files, modules_of(new), kept)
        try:
            want = built(modules_of(new))
        except CycleError:
            assert made is None
            continue
        if made is None:
            assert want.notes
        else:
            assert not [note for note in want.notes if note[0] != "duplicate"]
            assert made == (want.files, want.derived)
            count += 1
            tree, modules, last = new, modules_of(new), Built(*(made[0], [], made[1]))
    assert count > 5


def amended(
    was: Cache, files: dict[str, bytes], modules: Modules, kept: list[int]
) -> tuple[dict[str, bytes], Derived] | None:
    change = change_of(was, modules, kept)
    return amend(change, files, lambda: amend_aliases(change, files)) if change else None


def columns(modules: Modules) -> tuple[Column, Column, Column, Column]:
    return modules.records, modules.exports, modules.needs, modules.weak


def one(records: list[bytes], exports: list[bytes]) -> tuple[dict[str, bytes], object] | None:
    """Return what becomes of two modules when one of them changes to these facts."""
    tree: Tree = {b"a.ko": ([b"alias=x"], [b"f"], []), b"b.ko": ([], [], [b"f"])}
    modules = modules_of(tree)
    was = built(modules)
    cache = Cache(b"", b"", pack(modules.paths), columns(modules), b"", was.derived)
    return amended(cache, was.files, modules_of({**tree, b"a.ko": (records, exports, [])}), [-1, 1])


def test_what_is_out_of_the_ordinary_is_left_to_a_full_run() -> None:
    assert one([b"alias=y"], [b"f", b"g"])
    assert one([b"alias=y[0"], []) is None  # to be complained of
    assert one([b"alias=\xc3\xa4"], []) is None
    assert one([], [b"two words"]) is None
    assert one([b"alias=a%d" % i for i in range(2000)], []) is None  # no gain


def test_names_that_texts_cannot_tell_make_no_ground_for_changes() -> None:
    for path, symbol in ((b"a b.ko", b"f"), (b"a.ko", b"f\n"), (b"a.ko", b"f g")):
        assert built(modules_of({path: ([], [symbol], [])})).derived is None
