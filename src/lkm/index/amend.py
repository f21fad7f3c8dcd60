"""The index files after a few modules were added, removed or changed, made from the files as they were before.

Like :func:`lkm.index.build.build`, and to the byte the same; but where that goes through all aliases and symbols,
this only goes through those of the modules that changed. A module is its place in the list, for places are the
priorities in the indexes: one that only moved has changed as well, and all others stand where they stood.

Whenever something is out of the ordinary (too much changed, a name that is to be complained of, a circle), the answer
is None, and all is to be built anew.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate
from struct import Struct

from lkm.errors import FormatError
from lkm.index.build import (
    SYMBOL_BUCKETS,
    Resolved,
    alias_keys,
    alias_lines,
    alias_records,
    dep_lines,
    devnames,
    directives,
)
from lkm.index.cache import Derived, unpack
from lkm.index.hashorder import hash_place
from lkm.index.resolve import all_needs, direct_needs, owners_of, users_first
from lkm.index.triemerge import TrieEditor
from lkm.index.triewriter import value_block
from lkm.names import name_from_path
from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from lkm.index.build import Aliases, Modules, Note
    from lkm.index.cache import Cache, Column

#: More than so many changed modules, or changed keys of an index, are not worth it.
_MODULES, _KEYS = 64, 1000

_U32 = Struct(">I")


class Change(Record):
    """What is different: modules that are new at their places, and those that were at these places before."""

    was: Cache
    derived: Derived
    modules: Modules
    new: list[int]
    old: list[int]
    old_names: dict[int, bytes]


def change_of(was: Cache, modules: Modules, kept: Sequence[int]) -> Change | None:
    """Return what changed, or None when that is too much.

    ``kept``: for each module its place in ``was`` when it is as it was there, else -1.
    """
    if was.derived is None or modules.strip:
        return None
    count = len(was.facts[0])
    new = [place for place, before in enumerate(kept) if place != before]
    old = [place for place in range(count) if place >= len(kept) or kept[place] != place]
    if len(new) + len(old) > _MODULES:
        return None
    paths = unpack(was.paths)
    return Change(was, was.derived, modules, new, old, {place: _name(paths[place]) for place in old})


def amend(
    change: Change, files: dict[str, bytes], aliases: Callable[[], Aliases]
) -> tuple[dict[str, bytes], Derived] | None:
    """Return all files that depmod writes, and what the next change is made from; None when that can't be told.

    ``files``: those that ``change.was`` tells of. ``aliases`` gives what :func:`amend_aliases` returned.
    """
    try:
        return _amended(change, files, aliases)
    except (FormatError, _Unusual):
        return None


def amend_aliases(change: Change, files: dict[str, bytes]) -> Aliases:
    """Return the part of :func:`amend` that needs no symbols, half of its work; notes when it can't be told."""
    try:
        return _aliases(change, files)
    except (FormatError, _Unusual) as e:
        return {}, [("error", str(e))], [], b""


class _Unusual(Exception):
    """All is to be built anew."""


def _amended(
    change: Change, files: dict[str, bytes], aliases: Callable[[], Aliases]
) -> tuple[dict[str, bytes], Derived]:
    modules = change.modules
    out = dict(files)
    owners = owners_of([unpack(names) for names in modules.exports])
    moved, symbol_fields = _symbols(change, owners, out)
    resolved = _resolve(change, owners, moved)
    dep_fields = _dep(change, resolved, out)
    notes: list[Note] = []
    out |= directives(modules.names, modules.records)
    out["modules.devname"] = devnames(modules.names, modules.records, notes)
    alias_files, alias_notes, sizes, alias_fields = aliases()
    if notes or alias_notes:
        raise _Unusual
    out |= alias_files
    return out, Derived(resolved.direct, sizes, (dep_fields, alias_fields, symbol_fields))


def _symbols(change: Change, owners: dict[bytes, int], out: dict[str, bytes]) -> tuple[list[bytes], bytes]:
    """Change modules.symbols and its index; return the symbols whose owner is at another place, and the fields."""
    names = change.modules.names
    exports = [change.was.facts[1][place] for place in change.old]
    exports += [change.modules.exports[place] for place in change.new]
    symbols = dict.fromkeys([symbol for packed in exports for symbol in unpack(packed)])
    if not symbols:
        return [], change.derived.fields[2]
    _check_keys(symbols)
    lines = out["modules.symbols"].split(b"\n")[1:-1]
    editor = TrieEditor(out["modules.symbols.bin"], change.derived.fields[2])
    moved: list[bytes] = []
    for symbol in symbols:
        if b" " in symbol or b"\n" in symbol:
            raise _Unusual
        owner = owners.get(symbol)
        editor.change(b"symbol:" + symbol, _owned_by(symbol, owner, names, moved))
        at = bisect_left(lines, _symbol_place(symbol), key=_line_place)
        found = at < len(lines) and lines[at][13:].partition(b" ")[0] == symbol
        new = [] if owner is None else [b"alias symbol:%s %s" % (symbol, names[owner])]
        lines[at : at + found] = new
    out["modules.symbols"] = b"\n".join([b"# Aliases for symbols, used by symbol_request().", *lines, b""])
    out["modules.symbols.bin"], fields = editor.finish()
    return moved, fields


def _owned_by(symbol: bytes, owner: int | None, names: list[bytes], moved: list[bytes]) -> Callable[[bytes], bytes]:
    def change(block: bytes) -> bytes:
        before = _U32.unpack_from(block, 4)[0] if block else None
        if before != owner:
            moved.append(symbol)
        return b"" if owner is None else value_block([(owner, names[owner])])

    return change


def _symbol_place(symbol: bytes) -> tuple[int, bytes]:
    return hash_place(symbol, SYMBOL_BUCKETS), symbol


def _line_place(line: bytes) -> tuple[int, bytes]:
    return _symbol_place(line[13:].partition(b" ")[0])


def _resolve(change: Change, owners: dict[bytes, int], moved: list[bytes]) -> Resolved:
    """Return who needs whom, looking up anew only what changed modules need, and who needs a symbol that moved."""
    modules = change.modules
    direct = [*change.derived.direct[: len(modules.names)]]
    direct += [()] * (len(modules.names) - len(direct))
    again = sorted({*change.new, *_users(moved, modules.needs)})
    for place, needed in zip(again, direct_needs([unpack(modules.needs[p]) for p in again], owners), strict=True):
        direct[place] = needed
    order = users_first(direct)
    if len(order) < len(direct):
        raise _Unusual
    return Resolved(owners, direct, all_needs(direct, order))


def _users(symbols: list[bytes], needs: Column) -> set[int]:
    """Return the modules that need one of the symbols."""
    users: set[int] = set()
    if not symbols:
        return users
    whole = b"\0" + needs.blob
    for symbol in symbols:
        text = b"\0" + symbol + b"\0"
        at = whole.find(text)
        while at >= 0:
            users.add(bisect_right(needs.ends, at) - 1)
            at = whole.find(text, at + 1)
    return users


def _dep(change: Change, resolved: Resolved, out: dict[str, bytes]) -> bytes:
    """Change modules.dep and its index; return the fields."""
    names = change.modules.names
    before = out["modules.dep"].split(b"\n")[:-1]
    lines = dep_lines(change.modules.paths, resolved.needs)
    if len(before) != len(change.was.facts[0]):
        raise _Unusual
    places = {place for place, (line, old) in enumerate(zip(lines, before, strict=False)) if line != old}
    places.update(change.new)
    blocks = dict.fromkeys(change.old_names.values(), b"")
    for place in sorted(places):
        blocks[names[place]] = value_block([(place, lines[place])])
    _check_keys(blocks)
    editor = TrieEditor(out["modules.dep.bin"], change.derived.fields[0])
    for name, block in blocks.items():
        editor.change(name, _to(block))
    out["modules.dep"] = b"\n".join([*lines, b""])
    out["modules.dep.bin"], fields = editor.finish()
    return fields


def _to(block: bytes) -> Callable[[bytes], bytes]:
    return lambda _old: block


def _aliases(change: Change, files: dict[str, bytes]) -> Aliases:
    names = change.modules.names
    notes: list[Note] = []
    keys: dict[bytes, list[tuple[int, bytes]]] = {}
    for place in change.old:
        for key in alias_keys(alias_records(change.was.facts[0][place]), notes):
            keys[key] = []
    parts = {}
    for place in change.new:
        aliases = alias_records(change.modules.records[place])
        parts[place] = alias_lines(names[place], aliases)
        for key in alias_keys(aliases, notes):
            keys.setdefault(key, []).append((place, names[place]))
    if notes:
        raise _Unusual
    sizes = [*change.derived.alias_sizes[: len(names)]]
    sizes += [0] * (len(names) - len(sizes))
    out = {"modules.alias": _spliced(files["modules.alias"], change.derived.alias_sizes, parts, len(names))}
    for place, part in parts.items():
        sizes[place] = len(part)
    _check_keys(keys)
    fields = change.derived.fields[1]
    if keys:
        gone = frozenset(change.old)
        editor = TrieEditor(files["modules.alias.bin"], fields)
        for key, values in keys.items():
            editor.change(key, _with(values, gone))
        out["modules.alias.bin"], fields = editor.finish()
    return out, [], sizes, fields


def _spliced(text: bytes, sizes: Sequence[int], parts: dict[int, bytes], count: int) -> bytes:
    """Return modules.alias for ``count`` modules with other parts at some places."""
    ends = list(accumulate(sizes))
    start = len(text) - (ends[-1] if ends else 0)  # where the heading ends
    pieces = []
    at = 0
    for place in sorted(parts):
        if place < len(ends):
            pieces.append(text[at : start + ends[place] - sizes[place]])
            at = start + ends[place]
        else:
            pieces.append(text[at:])
            at = len(text)
        pieces.append(parts[place])
    if count < len(ends):
        pieces.append(text[at : start + (ends[count - 1] if count else 0)])
    else:
        pieces.append(text[at:])
    return b"".join(pieces)


def _with(values: list[tuple[int, bytes]], gone: frozenset[int]) -> Callable[[bytes], bytes]:
    """Return what puts these values into a block, in the place of those of modules that are gone."""

    def change(block: bytes) -> bytes:
        all_values = [value for value in _values(block) if value[0] not in gone] + values
        all_values.sort(key=lambda value: value[0])
        return value_block(all_values) if all_values else b""

    return change


def _values(block: bytes) -> list[tuple[int, bytes]]:
    """Return what ``value_block`` was given."""
    found = []
    at = 4
    while at < len(block):
        end = block.index(b"\0", at + 4)
        found.append((_U32.unpack_from(block, at)[0], block[at + 4 : end]))
        at = end + 1
    return found


def _check_keys(keys: Iterable[bytes]) -> None:
    """Raise _Unusual for too many keys, or one that the format can't hold."""
    listed = list(keys)
    if len(listed) > _KEYS or not b"".join(listed).isascii():
        raise _Unusual


def _name(path: bytes) -> bytes:
    name = name_from_path(path.decode("utf-8", "surrogateescape"))
    return name.encode("utf-8", "surrogateescape")
