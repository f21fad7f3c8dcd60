from __future__ import annotations

import pytest

from lkm.diagnose.examine import examine
from tests.support.elfwriter import build_module
from tests.support.trees import compressor


@pytest.mark.parametrize("kind", ["", "gz", "xz", "zst"])
def test_a_module(kind: str) -> None:
    data = build_module("mod", needs=["f"])
    packed = compressor(kind)(data) if kind else data
    file = examine("mod.ko", packed)
    assert (file.size, file.packed, file.fault, file.elf_type, file.machine, file.bits) == (
        len(packed),
        kind,
        "",
        1,
        62,
        64,
    )
    assert file.head == data[:512]
    assert ".modinfo" in file.sections
    assert file.facts
    assert file.facts.name == "mod"


def test_what_is_no_module() -> None:
    assert examine("x", b"").fault == "a file of 0 bytes is no module"
    cut = examine("x", build_module(machine=183)[:100])
    assert (cut.machine, cut.bits, cut.facts, cut.sections) == (183, 64, None, ())
    assert cut.fault
    assert "gz" in examine("x", b"\x1f\x8b cut").fault
