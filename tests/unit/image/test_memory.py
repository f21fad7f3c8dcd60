from __future__ import annotations

from lkm.formats.elf import Elf
from lkm.formats.source import BytesSource
from lkm.image.memory import Memory
from lkm.modfile.nouns import Export
from tests.support.kernelwriter import RODATA, STRINGS, build_kernel


def test_what_is_at_an_address() -> None:
    memory = Memory(Elf(BytesSource(build_kernel([Export("symbol", crc=1)]), "k")))
    assert memory.text(STRINGS + 1) == "symbol"
    assert memory.number(RODATA) == int.from_bytes(b"Linu", "little")
    assert memory.pointer(RODATA) == int.from_bytes(b"Linux ve", "little")
    assert memory.section(b".rodata").startswith(b"Linux version")


def test_nothing_is_at_other_addresses() -> None:
    memory = Memory(Elf(BytesSource(build_kernel([Export("symbol", crc=1)]), "k")))
    end = RODATA + len(memory.section(b".rodata"))
    assert (memory.text(end), memory.number(end - 3), memory.pointer(end - 7)) == (None, None, None)
    assert (memory.text(5), memory.number(5), memory.pointer(0)) == (None, None, None)
    assert memory.section(b".nosuch") == b""
