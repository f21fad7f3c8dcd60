"""One module file → all that it tells. Pure: bytes in, (facts, problems) out."""

from __future__ import annotations

from lkm.errors import FormatError
from lkm.formats.elf import ET_REL, Elf, symbols
from lkm.modfile import modinfo
from lkm.modfile.exports import read_exports
from lkm.modfile.nouns import ModuleFacts, Need
from lkm.modfile.scan import undefined
from lkm.modfile.signature import read_signature
from lkm.modfile.versions import read_versions
from lkm.origin import Origin, Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.formats.elf import Symbols
    from lkm.formats.source import Source
    from lkm.modfile.nouns import Export, Signature

_THIS_MODULE = b".gnu.linkonce.this_module"


def read(source: Source) -> tuple[ModuleFacts, tuple[Problem, ...]]:
    """Return the facts of a module file, and what in it could not be used.

    Raises FormatError when it is no ELF file, or its headers, symbols or modinfo cannot be read at all.
    """
    elf = Elf(source)
    said: list[str] = []
    pairs = modinfo.pairs(elf.named(b".modinfo"))
    parameters, faults = modinfo.parameters(pairs)
    said += [f"modinfo record without ':' after the parameter's name: {fault!r}" for fault in faults]
    values = dict(pairs)
    table = symbols(elf)
    versions, odd = read_versions(elf)
    said += odd
    exports: tuple[Export, ...] = ()
    if table is None:
        said.append("there is no symbol table: the kernel will not load this file")
    else:
        exports, odd = read_exports(elf, table)
        said += odd
    if elf.type != ET_REL:
        said.append(f"ELF type {elf.type}: not a relocatable file (type 1), which modules are")
    name, odd = _name(elf)
    said += odd
    signature, odd = _signature(source)
    facts = ModuleFacts(
        name=name,
        size=source.size,
        bits=64 if elf.layout.is64 else 32,
        byte_order="little" if elf.layout.order == "<" else "big",
        machine=elf.machine,
        elf_type=elf.type,
        modinfo=pairs,
        parameters=parameters,
        exports=exports,
        needs=_needs(elf, table, versions),
        imports=tuple([value for key, value in pairs if key == "import_ns"]),
        vermagic=values.get("vermagic", ""),
        build_id=_build_id(elf),
        signature=signature,
    )
    said += odd
    return facts, tuple([Problem(Origin(source.name), text) for text in said])


def _needs(elf: Elf, table: Symbols | None, versions: dict[bytes, int]) -> tuple[Need, ...]:
    names, weak = undefined(elf, table) if table else ([], frozenset())
    known = set(names)
    names += [name for name in versions if name not in known]
    return tuple([Need(name.decode("utf-8", "surrogateescape"), versions.get(name), name in weak) for name in names])


def _name(elf: Elf) -> tuple[str, list[str]]:
    """Return ``THIS_MODULE->name``: after an enum and a list_head in ``struct module`` (include/linux/module.h)."""
    index = elf.find(_THIS_MODULE)
    if not index:
        return "", [f"there is no section {_THIS_MODULE.decode()}: this is no module"]
    start = 3 * elf.layout.word.size
    field = elf.read(index)[start : start + 64 - elf.layout.word.size]
    name, end, _ = field.partition(b"\0")
    if not name or not end:
        return "", [f"{_THIS_MODULE.decode()} holds no name"]
    return name.decode("utf-8", "surrogateescape"), []


def _build_id(elf: Elf) -> bytes:
    """Return the contents of the NT_GNU_BUILD_ID note, or nothing."""
    note = elf.named(b".note.gnu.build-id")
    size, length, kind = (elf.number(note[at : at + 4]) for at in (0, 4, 8))
    start = 12 + (size + 3) // 4 * 4
    return note[start : start + length] if kind == 3 and note[12:16] == b"GNU\0" else b""


def _signature(source: Source) -> tuple[Signature | None, list[str]]:
    try:
        return read_signature(source), []
    except FormatError as error:
        return None, [error.what]
