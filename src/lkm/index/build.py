"""Everything that depmod writes, as values: file name → bytes.

The hot path of a tree with thousands of modules: no object per symbol or alias, everything stays bytes.
"""

from __future__ import annotations

from struct import Struct

from lkm.errors import CycleError, FormatError
from lkm.index.cache import Column, Derived, pack, unpack
from lkm.index.hashorder import hash_order
from lkm.index.resolve import all_needs, circles, direct_needs, owners_of, users_first
from lkm.index.triemerge import pack_fields
from lkm.index.triewriter import value_block, write_trie
from lkm.names import fold_alias
from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    #: The CRCs of a module's exports and of its needs; only filled when they are to be checked.
    Marks = tuple[dict[bytes, int], dict[bytes, int]]

    #: Something wrong with what a module says: "error", "warning" or "duplicate" (for ``-w``), and the text.
    Note = tuple[str, str]

    #: What build_aliases() makes: files, complaints, the size of each module's part, and fields of the binary index.
    Aliases = tuple[dict[str, bytes], list[Note], list[int], bytes]

#: kmod's table of symbols has this many buckets; modules.symbols is written in its order.
SYMBOL_BUCKETS = 2048

#: The modinfo records that an index holds, as they start.
WANTED = (b"alias=", b"softdep=", b"weakdep=")

_U32 = Struct(">I")


class Modules(Record):
    """The modules of a tree in their final order, as columns: names, paths as modules.dep has them, and facts.

    Facts are lists of names, each ended by a zero byte: modinfo records (those of WANTED), exports, needs, and which
    of these are weak.
    """

    names: list[bytes]
    paths: list[bytes]
    records: Column
    exports: Column
    needs: Column
    weak: Column
    strip: bytes = b""  # one character that is taken from the start of symbols (-P)
    derive: bool = True  # whether Built.derived is wanted
    marks: Sequence[Marks] = ()


class Resolved(Record):
    """Who owns each symbol, what each module needs itself, and all that it needs, users first; modules are places in
    the list of them.
    """

    owners: dict[bytes, int]
    direct: list[Sequence[int]]
    needs: list[list[int]]


class Built(Record):
    """All index files, name → contents in the order of writing, and what was wrong.

    ``derived`` is for changing them later; None when a name holds what ends names in the text files.
    """

    files: dict[str, bytes]
    notes: list[Note]
    derived: Derived | None = None


def resolve(modules: Modules) -> Resolved:
    """Return what the modules need of one another; raises CycleError, naming those in circles."""
    owners = _owners(modules)
    direct = direct_needs([stripped(unpack(names), modules.strip) for names in modules.needs], owners)
    order = users_first(direct)
    if len(order) < len(direct):
        raise _cycle_error(direct, modules.names)
    return Resolved(owners, direct, all_needs(direct, order))


def _owners(modules: Modules) -> dict[bytes, int]:
    return owners_of([stripped(unpack(names), modules.strip) for names in modules.exports])


def build_aliases(modules: Modules) -> Aliases:
    """Return half of :func:`build`: what needs no dependencies, but for the index of symbols."""
    files: dict[str, bytes] = {}
    notes: list[Note] = []
    places: list[int] | None = [] if modules.derive else None
    sizes = _add_aliases(files, modules.names, modules.records, notes, places)
    files |= directives(modules.names, modules.records)
    files["modules.symbols"] = _symbols_text(modules.names, _owners(modules))
    return files, notes, sizes, pack_fields(places or [])


def build(
    modules: Modules,
    resolved: Resolved,
    aliases: Callable[[], Aliases],
    builtin: bytes | None,
    builtin_modinfo: bytes | None,
    *,
    done: Callable[[str, bytes], object] = lambda _name, _data: None,
) -> Built:
    """Return what depmod writes.

    ``builtin`` and ``builtin_modinfo`` are the contents of the two files, None when missing: their indexes are then
    empty files, as kmod leaves them. ``aliases`` gives what :func:`build_aliases` returned, or will have returned.
    ``done`` is called with each file as soon as it is made.
    """
    names = modules.names
    notes: list[Note] = []
    last_notes: list[Note] = []
    last: dict[str, bytes] = {}
    last["modules.builtin.bin"] = b"" if builtin is None else _builtin_index(builtin, last_notes)
    last["modules.builtin.alias.bin"] = (
        b"" if builtin_modinfo is None else _builtin_aliases(builtin_modinfo, last_notes)
    )
    last["modules.devname"] = devnames(names, modules.records, last_notes)
    _hand_over(last, done)
    files: dict[str, bytes] = {}
    dep_places: list[int] | None = [] if modules.derive else None
    _add_dep(files, modules, resolved.needs, notes, dep_places)
    _hand_over(files, done)
    symbols: dict[str, bytes] = {}
    symbol_notes: list[Note] = []
    symbol_places: list[int] | None = [] if modules.derive else None
    symbols["modules.symbols.bin"] = _symbols_index(names, resolved.owners, symbol_notes, symbol_places)
    _hand_over(symbols, done)
    alias_files, alias_notes, sizes, alias_fields = aliases()
    _hand_over(alias_files, done)
    notes += alias_notes + symbol_notes + last_notes
    derived = None
    if dep_places is not None and symbol_places is not None and _is_plain(modules, resolved):
        fields = (pack_fields(dep_places), alias_fields, pack_fields(symbol_places))
        derived = Derived(resolved.direct, sizes, fields)
    return Built({**files, **alias_files, **symbols, **last}, notes, derived)


def _is_plain(modules: Modules, resolved: Resolved) -> bool:
    """Tell whether no name holds what ends names in the text files."""
    text = b"".join([*modules.paths, *resolved.owners])
    return not (modules.strip or b"\n" in text or b" " in text)


def _hand_over(files: dict[str, bytes], done: Callable[[str, bytes], object]) -> None:
    for name, data in files.items():
        done(name, data)


def stripped(exports: list[bytes], strip: bytes) -> list[bytes]:
    """Return symbols without the character ``strip`` at their start."""
    return [name[1:] if name[:1] == strip else name for name in exports] if strip else exports


def _cycle_error(direct: Sequence[Sequence[int]], names: list[bytes]) -> CycleError:
    found, members = circles(direct)
    named = tuple([tuple([names[module].decode("utf-8", "surrogateescape") for module in c]) for c in found])
    what = f"Found {len(members)} modules in dependency cycles!"
    return CycleError(what, named, hint="two of these modules must stop using each other's symbols")


def dep_lines(paths: list[bytes], needs: list[list[int]]) -> list[bytes]:
    """Return the lines of modules.dep."""
    return [
        b"%s: %s" % (path, b" ".join([paths[n] for n in needed])) if needed else path + b":"
        for path, needed in zip(paths, needs, strict=True)
    ]


def _add_dep(
    files: dict[str, bytes], modules: Modules, needs: list[list[int]], notes: list[Note], places: list[int] | None
) -> None:
    lines = dep_lines(modules.paths, needs)
    files["modules.dep"] = b"\n".join([*lines, b""])
    blocks = {
        name: value_block([(priority, line)])
        for priority, (name, line) in enumerate(zip(modules.names, lines, strict=True))
    }
    files["modules.dep.bin"] = _trie("modules.dep.bin", blocks, notes, places)


def alias_records(records: bytes) -> bytes:
    """Return those of a module's records that are aliases."""
    if b"dep=" not in records:
        return records
    return pack([record for record in unpack(records) if record.startswith(b"alias=")])


def alias_lines(name: bytes, aliases: bytes) -> bytes:
    """Return a module's part of modules.alias; ``aliases`` are what :func:`alias_records` gives."""
    if not aliases:
        return b""
    end = b" %s\n" % name
    return b"".join([b"alias ", aliases[6:-1].replace(b"\0alias=", end + b"alias "), end])


def alias_keys(aliases: bytes, notes: list[Note]) -> list[bytes]:
    """Return the keys of a module in the index of aliases; ``notes`` gets what is wrong with the others."""
    if not aliases:
        return []
    if b"[" not in aliases and b"]" not in aliases:
        return aliases[6:-1].replace(b"-", b"_").split(b"\0alias=")
    keys = []
    for alias in aliases[6:-1].split(b"\0alias="):
        key = _fold(alias)
        if key is None:
            notes.append(("warning", f"Unmatched bracket in {_text(alias)}"))
        else:
            keys.append(key)
    return keys


def _add_aliases(
    files: dict[str, bytes], names: list[bytes], records: Column, notes: list[Note], places: list[int] | None
) -> list[int]:
    parts = []
    owners: dict[bytes, int] = {}
    more: dict[bytes, list[int]] = {}
    for module, own in enumerate(records):
        aliases = alias_records(own)
        parts.append(alias_lines(names[module], aliases))
        for key in alias_keys(aliases, notes):
            if key not in owners:
                owners[key] = module
                continue
            if module in (owners[key], *more.get(key, ())):
                notes.append(("duplicate", f"duplicate module alias:\n{_text(key)} {_text(names[module])}"))
            more.setdefault(key, [owners[key]]).append(module)
    files["modules.alias"] = b"".join([b"# Aliases extracted from modules themselves.\n", *parts])
    blocks = _owned(owners, names)
    for key, modules in more.items():
        blocks[key] = value_block([(module, names[module]) for module in modules])
    files["modules.alias.bin"] = _trie("modules.alias.bin", blocks, notes, places)
    return [*map(len, parts)]


def _owned(owners: dict[bytes, int], names: list[bytes]) -> dict[bytes, bytes]:
    """Return the value block for each key that one module has."""
    blocks = [b"\0\0\0\1%b%b\0" % (_U32.pack(priority), name) for priority, name in enumerate(names)]
    return dict(zip(owners, map(blocks.__getitem__, owners.values()), strict=True))


def _symbols_text(names: list[bytes], owners: dict[bytes, int]) -> bytes:
    ends = [b" %s\n" % name for name in names]
    lines = [b"alias symbol:" + symbol + ends[owners[symbol]] for symbol in hash_order(owners, SYMBOL_BUCKETS)]
    return b"# Aliases for symbols, used by symbol_request().\n" + b"".join(lines)


def _symbols_index(
    names: list[bytes], owners: dict[bytes, int], notes: list[Note], places: list[int] | None
) -> bytes:
    blocks = {b"symbol:" + symbol: block for symbol, block in _owned(owners, names).items()}
    return _trie("modules.symbols.bin", blocks, notes, places)


def directives(names: list[bytes], records: Column) -> dict[str, bytes]:
    """Return modules.softdep and modules.weakdep."""
    files = {}
    for word, kind in ((b"softdep", b"Soft"), (b"weakdep", b"Weak")):
        start = word + b"="
        lines = [
            b"%s %s %s\n" % (word, name, record[len(start) :])
            for name, record in _records(names, records, start)
            if record.startswith(start)
        ]
        head = b"# %s dependencies extracted from modules themselves.\n" % kind
        files[f"modules.{word.decode()}"] = b"".join([head, *lines])
    return files


def _records(names: list[bytes], records: Column, text: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and each record of the modules that have a certain text somewhere in them."""
    if text in records.blob:
        for name, own in zip(names, records, strict=True):
            if text in own:
                for record in unpack(own):
                    yield name, record


def devnames(names: list[bytes], records: Column, notes: list[Note]) -> bytes:
    """Return ``MODULE DEVICE TYPE MAJOR:MINOR`` for modules that name their device node and number."""
    lines = []
    for name, own in zip(names, records, strict=True):
        device, number = b"", b""
        for record in unpack(own) if b"alias=devname:" in own else ():
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


def _trie(name: str, blocks: dict[bytes, bytes], notes: list[Note], places: list[int] | None = None) -> bytes:
    """Return a binary index, without the keys that its format cannot hold (kmod 30 crashes on some of them)."""
    for key in [key for key in blocks if not key.isascii()]:
        notes.append(("warning", f"'{_text(key)}' is left out of {name}, which holds only 7-bit characters"))
        del blocks[key]
    return write_trie(blocks, name, fields=places)


def _fold(alias: bytes) -> bytes | None:
    try:
        return fold_alias(alias.decode("latin-1")).encode("latin-1")
    except FormatError:
        return None


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
