"""A file's bytes → :class:`lkm.diagnose.evidence.ModuleFile`, whatever they are."""

from __future__ import annotations

from lkm.diagnose.evidence import ModuleFile
from lkm.errors import FormatError
from lkm.formats.compression import decompress, kind_of
from lkm.formats.elf import Elf
from lkm.formats.source import BytesSource
from lkm.modfile.facts import read

_HEAD = 512


def examine(path: str, data: bytes) -> ModuleFile:
    """Return all that can be told of a module file; what is wrong with it is in ``fault``.

    >>> examine("x.ko", b"<html><title>404").fault
    'not an ELF file: it starts with 3c 68 74 6d instead of 7f 45 4c 46'
    """
    packed = kind_of(data[:6])
    file = ModuleFile(path, len(data), packed, data[:_HEAD])
    try:
        inside = decompress(data, packed, path)
        file = _header(file._replace(head=inside[:_HEAD]))
        elf = Elf(BytesSource(inside, path))
        names = tuple([elf.name(index).decode("utf-8", "replace") for index in range(1, elf.count)])
        file = file._replace(sections=names)
        return file._replace(facts=read(BytesSource(inside, path))[0])
    except FormatError as error:
        return file._replace(fault=error.what)


def _header(file: ModuleFile) -> ModuleFile:
    """Read what an ELF header tells even where the rest is missing (elf.h: EI_CLASS, EI_DATA, e_type, e_machine)."""
    head = file.head
    if len(head) < 20 or not head.startswith(b"\x7fELF"):
        return file
    big = head[5] == 2
    kind, machine = (int.from_bytes(head[at : at + 2], "big" if big else "little") for at in (16, 18))
    return file._replace(elf_type=kind, machine=machine, bits=32 if head[4] == 1 else 64)
