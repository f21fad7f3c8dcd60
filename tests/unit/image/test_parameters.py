from __future__ import annotations

import struct

import pytest

from lkm.image.facts import read
from lkm.image.nouns import BuiltinParameter
from lkm.modfile.nouns import Export
from tests.support.kernelwriter import BANNER, RODATA, build_kernel


@pytest.mark.parametrize("bits", [32, 64])
def test_parameters(bits: int) -> None:
    exports = [Export("param_ops_int", crc=1)]
    more = b"mod.number\0mod.own\0"
    at = RODATA + len(BANNER)
    shape = "<QQQH6xQ" if bits == 64 else "<IIIH2xI"
    param = struct.pack(shape, at, 0, RODATA, 0o644, 0) + struct.pack(shape, at + 11, 0, 77, 0, 0)
    facts = read(build_kernel(exports, bits=bits, param=param, more=more))
    assert facts.parameters == (BuiltinParameter("mod.number", "int", 0o644), BuiltinParameter("mod.own", "", 0))
