from __future__ import annotations

import pytest

from lkm.diagnose.rules.not_elf import find
from tests.support.elfwriter import build_module
from tests.support.sick import case
from tests.support.trees import compressor


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"!<arch>\ndebian-binary", "the file is a Debian package, not a module"),
        (b"!<arch>\n/ ", "the file is a static library (ar), not a module"),
        (b"#!/bin/sh\n", "the file is a script, not a module"),
        (b"# README\n", "the file is a text, not a module"),
        (b"\x7fEL", "the file is not a module, nor any other ELF file"),
        (b"\0\1\2\3\4", "the file is not a module, nor any other ELF file"),
    ],
)
def test_what_it_is(data: bytes, says: str) -> None:
    (finding,) = find(case(data))
    assert (finding.what, finding.errno) == (says, "ENOEXEC")
    assert finding.remedies


@pytest.mark.parametrize("data", [b"", b"<html>", build_module(), build_module()[:70]])
def test_others(data: bytes) -> None:
    assert list(find(case(data))) == []


def test_a_packed_file_has_another_disease() -> None:
    log = ("Invalid ELF header magic: != \x7fELF",)
    assert list(find(case(compressor("xz")(build_module()), errno="ENOEXEC", log=log))) == []
