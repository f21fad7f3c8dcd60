"""Each layout, of kernels that are written for the test; test_facts.py has real ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkm.errors import FormatError
from lkm.image.facts import read
from lkm.modfile.nouns import Export
from tests.support.kernelwriter import build_kernel

NAMES = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=8)
EXPORTS = st.lists(
    st.builds(Export, NAMES, st.booleans(), st.sampled_from(["", "", "NS"]), st.integers(0, (1 << 32) - 1)),
    unique_by=lambda e: e.name,
    min_size=1,
    max_size=6,
)


@given(
    EXPORTS,
    st.sampled_from([32, 64]),
    st.sampled_from("<>"),
    st.booleans(),
    st.sampled_from([2, 3]),
    st.booleans(),
    st.booleans(),
)
def test_every_layout(
    exports: list[Export], bits: int, order: str, relative: bool, fields: int, far: bool, flags: bool
) -> None:
    if fields == 2:
        exports = [e._replace(namespace="") for e in exports]
    table = bytes(e.gpl_only for e in exports) if flags else b""
    facts = read(
        build_kernel(exports, bits=bits, order=order, relative=relative, fields=fields, far=far, flags=table)
    )
    assert facts.exports == tuple(sorted(exports, key=lambda e: e.name))
    assert (facts.bits, facts.release, facts.vermagic) == (bits, "9.9.9", "9.9.9 SMP mod_unload ")


def test_tables_that_disagree_are_told() -> None:
    exports = [Export("f", crc=1), Export("g", crc=2)]
    with pytest.raises(FormatError, match="k: 2 exports, but flags for 1"):
        read(build_kernel(exports, flags=b"\0"), "k")
    with pytest.raises(FormatError, match="k: __ksymtab has a layout that is not known"):
        read(build_kernel(exports).replace(b"__ksymtab_strings", b"__ksymtab_strinks"), "k")
