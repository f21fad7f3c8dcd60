"""Sick modules made from real ones: each mutation makes one disease. Of 64-bit little-endian files."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

from lkm.formats.elf import Elf
from lkm.formats.source import BytesSource
from lkm.modfile.facts import read
from lkm.modfile.kernelparam import read_params
from lkm.modfile.nouns import ModuleFacts
from lkm.record import Record
from tests.support.signatures import pkcs7, signed


class Sick(Record):
    """A sick file: the code of its ``disease``, and the parameters that bring it out."""

    disease: str
    data: bytes
    parameters: str = ""


Mutation = Callable[[bytes, ModuleFacts, random.Random], Sick | None]


def _put(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


def _renamed(data: bytes, old: bytes, new: bytes) -> bytes | None:
    assert len(old) == len(new)
    return data.replace(old, new) if old in data else None


def cut(data: bytes, _facts: ModuleFacts, draw: random.Random) -> Sick:
    return Sick("cut-file", data[: draw.randrange(64, len(data) - 64)])


def empty(_data: bytes, _facts: ModuleFacts, _draw: random.Random) -> Sick:
    return Sick("empty-file", b"")


def page(_data: bytes, _facts: ModuleFacts, _draw: random.Random) -> Sick:
    return Sick("web-page", b"<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head></html>\n" * 3)


def text(_data: bytes, _facts: ModuleFacts, draw: random.Random) -> Sick:
    return Sick("not-elf", b"# " + b"x" * draw.randrange(80, 200) + b"\n")


def magic(data: bytes, _facts: ModuleFacts, draw: random.Random) -> Sick:
    return Sick("not-elf", _put(data, draw.randrange(4), b"\0"))


def machine(data: bytes, _facts: ModuleFacts, draw: random.Random) -> Sick:
    return Sick("other-machine", _put(data, 18, struct.pack("<H", draw.choice((3, 8, 21, 22, 40, 183, 243)))))


def program(data: bytes, _facts: ModuleFacts, draw: random.Random) -> Sick:
    return Sick("program", _put(data, 16, bytes([draw.choice((2, 3, 4)), 0])))


def headers(data: bytes, _facts: ModuleFacts, draw: random.Random) -> Sick:
    return Sick("damaged", _put(data, 58, struct.pack("<H", draw.choice((0, 40, 63, 65)))))


def vermagic(data: bytes, facts: ModuleFacts, draw: random.Random) -> Sick | None:
    old = f"vermagic={facts.vermagic}".encode()
    # With CRCs the kernel does not compare the release, which is the first word.
    start = old.index(b" ") if any(need.crc is not None for need in facts.needs) else len("vermagic=")
    letters = [at for at in range(start, len(old)) if chr(old[at]).isalnum()]
    changed = _renamed(data, old, _put(old, draw.choice(letters), b"X"))
    return Sick("other-kernel", changed) if changed else None


def this_module(data: bytes, _facts: ModuleFacts, _draw: random.Random) -> Sick | None:
    # the name of the section of relocations ends with it, so both change
    changed = _renamed(data, b".gnu.linkonce.this_module\0", b".gnu.linkonce.that_module\0")
    return Sick("not-a-module", changed) if changed else None


def symbols(data: bytes, _facts: ModuleFacts, _draw: random.Random) -> Sick | None:
    elf = Elf(BytesSource(data, ""))
    for index in range(1, elf.count):
        if elf.header(index)[1] == 2:
            return Sick("stripped", _put(data, elf.table_offset + 64 * index + 4, struct.pack("<I", 1)))
    return None


def missing(data: bytes, facts: ModuleFacts, draw: random.Random) -> Sick | None:
    names = [need.name for need in facts.needs if len(need.name) > 5 and need.name != "module_layout"]
    if not names:
        return None
    name = draw.choice(names).encode()
    changed = _renamed(data, b"\0" + name + b"\0", b"\0" + name[:-3] + b"ZZZ\0")
    return Sick("missing-symbol", changed) if changed else None


def relocation(data: bytes, _facts: ModuleFacts, _draw: random.Random) -> Sick | None:
    elf = Elf(BytesSource(data, ""))
    index = elf.find(b".rela.text")
    if not index:
        return None
    at = elf.header(index)[4]
    return Sick("relocation", _put(data, at + 8, struct.pack("<I", 238)))


def _typed(data: bytes, *kinds: str) -> list[str]:
    """Return the parameters that the kernel's own functions read; what a module's own take, only the module knows."""
    return [each.name for each in read_params(BytesSource(data, "")) or () if each.type in kinds]


def parameter(data: bytes, _facts: ModuleFacts, draw: random.Random) -> Sick | None:
    kinds = ("int", "uint", "bool", "ushort", "short", "long", "ulong", "byte")
    typed = _typed(data, *kinds)
    return Sick("bad-parameter", data, f"{draw.choice(typed)}=?what") if typed else None


def license_(data: bytes, facts: ModuleFacts, _draw: random.Random) -> Sick | None:
    old = f"license={facts.values('license')[0]}".encode()
    changed = _renamed(data, old + b"\0", b"license=" + b"X" * (len(old) - 8) + b"\0")
    return Sick("gpl-only", changed) if changed else None


def parameter_range(data: bytes, _facts: ModuleFacts, draw: random.Random) -> Sick | None:
    kinds = ("int", "uint", "ushort", "short", "long", "ulong", "byte")
    typed = _typed(data, *kinds)
    return Sick("bad-parameter", data, f"{draw.choice(typed)}={10**20}") if typed else None


def parameter_bool(data: bytes, _facts: ModuleFacts, draw: random.Random) -> Sick | None:
    typed = _typed(data, "bool")
    return Sick("bad-parameter", data, f"{draw.choice(typed)}=maybe") if typed else None


def parameter_text(data: bytes, _facts: ModuleFacts, draw: random.Random) -> Sick | None:
    typed = _typed(data, "charp")
    return Sick("bad-parameter", data, f"{draw.choice(typed)}={'x' * 1025}") if typed else None


def names(data: bytes, _facts: ModuleFacts, draw: random.Random) -> Sick:
    """No section names: e_shstrndx is that of no section."""
    return Sick("damaged", _put(data, 62, struct.pack("<H", draw.randrange(0x8000, 0xFF00))))


def modinfo(data: bytes, _facts: ModuleFacts, _draw: random.Random) -> Sick | None:
    changed = _renamed(data, b".modinfo\0", b".modXnfo\0")
    return Sick("gpl-only", changed) if changed else None


def crc(data: bytes, facts: ModuleFacts, draw: random.Random) -> Sick | None:
    """Another CRC for a symbol, mostly not for module_layout, which stands for all (struct modversion_info)."""
    known = [need for need in facts.needs if need.crc is not None and len(need.name) < 56]
    if not known:
        return None
    need = draw.choice(known)
    row = struct.pack("<Q", need.crc or 0) + need.name.encode() + b"\0"
    return Sick("crc-mismatch", _put(data, data.index(row), b"\x5a\xa5")) if row in data else None


def layout(data: bytes, facts: ModuleFacts, draw: random.Random) -> Sick | None:
    one = facts._replace(needs=tuple([need for need in facts.needs if need.name == "module_layout"]))
    return crc(data, one, draw)


def unversioned(data: bytes, _facts: ModuleFacts, _draw: random.Random) -> Sick | None:
    changed = _renamed(data, b"module_layout\0", b"module_layouX\0")
    return Sick("crc-mismatch", changed) if changed else None


def flipped(data: bytes, facts: ModuleFacts, draw: random.Random) -> Sick | None:
    """One bit of a signed file."""
    if facts.signature is None:
        return None
    at = draw.randrange(facts.signature.offset)
    return Sick("bad-signature", _put(data, at, bytes([data[at] ^ 1 << draw.randrange(8)])))


def stripped_signature(data: bytes, facts: ModuleFacts, _draw: random.Random) -> Sick | None:
    return Sick("unsigned", data[: facts.signature.offset]) if facts.signature else None


def unsupported(data: bytes, facts: ModuleFacts, draw: random.Random) -> Sick | None:
    """Signed with a hash that this kernel has not: SHA3-256, -384, -512."""
    if facts.signature is None:
        return None
    digest = bytes.fromhex("6086480165030402") + bytes([draw.choice((8, 9, 10))])
    return Sick("unsupported-hash", signed(data[: facts.signature.offset], pkcs7(digest=digest)))


def unknown_key(data: bytes, facts: ModuleFacts, _draw: random.Random) -> Sick | None:
    return Sick("unknown-key", signed(data[: facts.signature.offset], pkcs7())) if facts.signature else None


MUTATIONS: tuple[Mutation, ...] = (
    cut,
    empty,
    page,
    text,
    magic,
    machine,
    program,
    headers,
    vermagic,
    this_module,
    symbols,
    missing,
    relocation,
    parameter,
    license_,
    parameter_range,
    parameter_bool,
    parameter_text,
    names,
    modinfo,
)
#: Of a kernel with CRCs; those of signed files, and those where signatures are enforced.
VERSIONED: tuple[Mutation, ...] = (crc, layout, unversioned)
SIGNED: tuple[Mutation, ...] = (flipped,)
ENFORCED: tuple[Mutation, ...] = (flipped, stripped_signature, unsupported, unknown_key)


def make_sick(data: bytes, mutation: Mutation, draw: random.Random) -> Sick | None:
    """Return a sick file, or None where this module cannot get that disease."""
    return mutation(data, read(BytesSource(data, ""))[0], draw)
