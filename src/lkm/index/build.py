"""Everything that depmod writes, as values: file name → bytes.

The hot path of a tree with thousands of modules: no object per symbol or alias, everything stays bytes.
"""

from __future__ import annotations

from struct import Struct

from lkm.errors import CycleError, FormatError
from lkm.index.cache import unpack
from lkm.index.hashorder import hash_order
from lkm.index.resolve import all_needs, circles, direct_needs, owners_of, users_first
from lkm.index.triewriter import value_block, write_trie
from lkm.names import fold_alias
from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lkm.index.cache import Packed

    #: What is taken from one module: its modinfo records (those of WANTED), exports, needs, which of these are weak,
    #: and the CRCs of exports and needs (only filled when they are to be checked).
    Row = tuple[list[bytes], list[bytes], list[bytes], frozenset[bytes], dict[bytes, int], dict[bytes, int]]

    #: Something wrong with what a module says: "error", "warning" or "duplicate" (for ``-w``), and the text.
    Note = tuple[str, str]

#: kmod's table of symbols has this many buckets; modules.symbols is written in its order.
_SYMBOL_BUCKETS = 2048

#: The modinfo records that an index holds, as they start.
WANTED = (b"alias=", b"softdep=", b"weakdep=")

_NONE: frozenset[bytes] = frozenset()
_U32 = Struct(">I")


class Modules(Record):
    """The modules of a tree in their final order, as columns: names, paths as modules.dep has them, and facts."""

    names: list[bytes]
    paths: list[bytes]
    rows: Sequence[Row]
    strip: bytes = b""  # one character that is taken from the start of symbols (-P)


class Resolved(Record):
    """Who owns each symbol, and all that each module needs, users first; modules are places in the list of them."""

    owners: dict[bytes, int]
    needs: list[list[int]]


def resolve(modules: Modules) -> Resolved:
    """Return what the modules need of one another; raises CycleError, naming those in circles."""
    owners = owners_of([stripped(row[1], modules.strip) for row in modules.rows])
    direct = direct_needs([stripped(row[2], modules.strip) for row in modules.rows], owners)
    order = users_first(direct)
    if len(order) < len(direct):
        raise _cycle_error(direct, modules.names)
    return Resolved(owners, all_needs(direct, order))


def row_of(facts: Packed, export_crcs: dict[bytes, int], need_crcs: dict[bytes, int]) -> Row:
    """Return a module's facts as lists of names."""
    weak = frozenset(unpack(facts[3])) if facts[3] else _NONE
    return unpack(facts[0]), unpack(facts[1]), unpack(facts[2]), weak, export_crcs, need_crcs


def build_aliases(modules: Modules) -> tuple[dict[str, bytes], list[Note]]:
    """Return the part of :func:`build` that needs no resolved symbols, nearly half of its work."""
    files: dict[str, bytes] = {}
    notes: list[Note] = []
    _add_aliases(files, modules.names, [row[0] for row in modules.rows], notes)
    return files, notes


def build(
    modules: Modules,
    resolved: Resolved,
    aliases: Callable[[], tuple[dict[str, bytes], list[Note]]],
    builtin: bytes | None,
    builtin_modinfo: bytes | None,
) -> tuple[dict[str, bytes], list[Note]]:
    """Return all index files, name → contents in the order of writing, and what was wrong.

    ``builtin`` and ``builtin_modinfo`` are the contents of the two files, None when missing: their indexes are then
    empty files, as kmod leaves them. ``aliases`` gives what :func:`build_aliases` returned, or will have returned.
    """
    names = modules.names
    records = [row[0] for row in modules.rows]
    notes: list[Note] = []
    files: dict[str, bytes] = {}
    _add_dep(files, modules, resolved.needs, notes)
    symbols: dict[str, bytes] = {}
    symbol_notes: list[Note] = []
    _add_symbols(symbols, names, resolved.owners, symbol_notes)
    alias_files, alias_notes = aliases()
    files |= alias_files
    notes += alias_notes
    files["modules.softdep"] = _directives(b"softdep", b"Soft", names, records)
    files["modules.weakdep"] = _directives(b"weakdep", b"Weak", names, records)
    files |= symbols
    notes += symbol_notes
    files["modules.builtin.bin"] = b"" if builtin is None else _builtin_index(builtin, notes)
    files["modules.builtin.alias.bin"] = b"" if builtin_modinfo is None else _builtin_aliases(builtin_modinfo, notes)
    files["modules.devname"] = _devnames(names, records, notes)
    return files, notes


def stripped(exports: list[bytes], strip: bytes) -> list[bytes]:
    """Return symbols without the character ``strip`` at their start."""
    return [name[1:] if name[:1] == strip else name for name in exports] if strip else exports


def _cycle_error(direct: list[list[int]], names: list[bytes]) -> CycleError:
    found, members = circles(direct)
    named = tuple([tuple([names[module].decode("utf-8", "surrogateescape") for module in c]) for c in found])
    what = f"Found {len(members)} modules in dependency cycles!"
    return CycleError(what, named, hint="two of these modules must stop using each other's symbols")


def _add_dep(files: dict[str, bytes], modules: Modules, needs: list[list[int]], notes: list[Note]) -> None:
    paths = modules.paths
    lines = [
        b"%s: %s" % (path, b" ".join([paths[n] for n in needed])) if needed else path + b":"
        for path, needed in zip(paths, needs, strict=True)
    ]
    files["modules.dep"] = b"".join([line + b"\n" for line in lines])
    blocks = {
        name: b"\0\0\0\1%s%s\0" % (_U32.pack(priority), line)
        for priority, (name, line) in enumerate(zip(modules.names, lines, strict=True))
    }
    files["modules.dep.bin"] = _trie("modules.dep.bin", blocks, notes)


def _add_aliases(files: dict[str, bytes], names: list[bytes], records: list[list[bytes]], notes: list[Note]) -> None:
    lines = [b"# Aliases extracted from modules themselves.\n"]
    owners: dict[bytes, list[int]] = {}
    for module, own in enumerate(records):
        end = b" %s\n" % names[module]
        for record in own:
            if not record.startswith(b"alias="):
                continue
            alias = record[6:]
            lines.append(b"alias %s%s" % (alias, end))
            key = alias.replace(b"-", b"_") if b"[" not in alias and b"]" not in alias else _fold(alias)
            if key is None:
                notes.append(("warning", f"Unmatched bracket in {_text(alias)}"))
            elif key in owners:
                if owners[key][-1] == module:
                    notes.append(("duplicate", f"duplicate module alias:\n{_text(key)} {_text(names[module])}"))
                owners[key].append(module)
            else:
                owners[key] = [module]
    files["modules.alias"] = b"".join(lines)
    values = [_U32.pack(priority) + name + b"\0" for priority, name in enumerate(names)]
    blocks = {
        key: b"\0\0\0\1" + values[own[0]]
        if len(own) == 1
        else _U32.pack(len(own)) + b"".join([values[module] for module in own])
        for key, own in owners.items()
    }
    files["modules.alias.bin"] = _trie("modules.alias.bin", blocks, notes)


def _add_symbols(files: dict[str, bytes], names: list[bytes], owners: dict[bytes, int], notes: list[Note]) -> None:
    ends = [b" %s\n" % name for name in names]
    lines = [b"alias symbol:" + symbol + ends[owners[symbol]] for symbol in hash_order(owners, _SYMBOL_BUCKETS)]
    files["modules.symbols"] = b"# Aliases for symbols, used by symbol_request().\n" + b"".join(lines)
    values = [b"\0\0\0\1%s%s\0" % (_U32.pack(priority), name) for priority, name in enumerate(names)]
    blocks = {b"symbol:" + symbol: values[module] for symbol, module in owners.items()}
    files["modules.symbols.bin"] = _trie("modules.symbols.bin", blocks, notes)


def _directives(word: bytes, kind: bytes, names: list[bytes], records: list[list[bytes]]) -> bytes:
    lines = [b"# %s dependencies extracted from modules themselves.\n" % kind]
    start = word + b"="
    for name, own in zip(names, records, strict=True):
        for record in own:
            if record.startswith(start):
                lines.append(b"%s %s %s\n" % (word, name, record[len(start) :]))
    return b"".join(lines)


def _devnames(names: list[bytes], records: list[list[bytes]], notes: list[Note]) -> bytes:
    """Return ``MODULE DEVICE TYPE MAJOR:MINOR`` for modules that name their device node and number."""
    lines = []
    for name, own in zip(names, records, strict=True):
        device, number = b"", b""
        for record in own:
            if record.startswith(b"alias=devname:"):
                device = record[14:]
            elif record.startswith((b"alias=char-major-", b"alias=block-major-")):
                number = _device_number(record[6:]) or number
            if device and number:
                lines.append(b"%s %s %s\n" % (name, device, number))
                break
        if device and not number:
            text = f"Module '{_text(name)}' has devname ({_text(device)}) but lacks major and minor information."
            notes.append(("error", text + " Ignoring."))
    return b"# Device nodes to trigger on-demand module loading.\n" + b"".join(lines) if lines else b""


def _device_number(alias: bytes) -> bytes:
    """Return ``c10:235`` for ``char-major-10-235``, whatever follows; nothing without two numbers."""
    kind, _, rest = alias.partition(b"-major-")
    major, _, minor = rest.partition(b"-")
    digits = minor[: len(minor) - len(minor.lstrip(b"0123456789"))]
    return b"%c%d:%d" % (kind[0], int(major), int(digits)) if major.isdigit() and digits else b""


def _builtin_index(builtin: bytes, notes: list[Note]) -> bytes:
    blocks: dict[bytes, list[tuple[int, bytes]]] = {}
    for line in builtin.splitlines():
        name = line.rsplit(b"/", 1)[-1].split(b".", 1)[0].replace(b"-", b"_")
        if name:
            blocks.setdefault(name, []).append((0, b""))
        else:
            notes.append(("error", f"Invalid modules.builtin line: {_text(line)}"))
    return _trie("modules.builtin.bin", {key: value_block(values) for key, values in blocks.items()}, notes)


def _builtin_aliases(modinfo: bytes, notes: list[Note]) -> bytes:
    """Return the index of ``MODULE.alias=ALIAS`` records, each ended by a zero byte."""
    blocks: dict[bytes, list[tuple[int, bytes]]] = {}
    for record in modinfo.split(b"\0")[:-1]:
        module, _, rest = record.partition(b".")
        if rest.startswith(b"alias=") and len(rest) > 6:  # an empty alias of a built-in module is none
            key = _fold(rest[6:])
            if key is None:
                notes.append(("warning", f"Unmatched bracket in {_text(rest[6:])}"))
            else:
                # All have priority 0, and of equals the last one comes first.
                blocks.setdefault(key, []).insert(0, (0, module))
    blocked = {key: value_block(values) for key, values in blocks.items()}
    return _trie("modules.builtin.alias.bin", blocked, notes)


def _trie(name: str, blocks: dict[bytes, bytes], notes: list[Note]) -> bytes:
    """Return a binary index, without the keys that its format cannot hold (kmod 30 crashes on some of them)."""
    for key in [key for key in blocks if not key.isascii()]:
        notes.append(("warning", f"'{_text(key)}' is left out of {name}, which holds only 7-bit characters"))
        del blocks[key]
    return write_trie(blocks, name)


def _fold(alias: bytes) -> bytes | None:
    try:
        return fold_alias(alias.decode("latin-1")).encode("latin-1")
    except FormatError:
        return None


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
