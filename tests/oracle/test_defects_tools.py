"""Defects of kmod's tools that are mended here: what kmod does, and beside it what we do."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lkm.cli.main import main
from tests.support.elfwriter import build_module

pytestmark = pytest.mark.oracle


@pytest.fixture
def module(tmp_path: Path) -> str:
    path = tmp_path / "x.ko"
    path.write_bytes(build_module("x", modinfo=[("license", "GPL"), ("parm", "a:A"), ("parmtype", "a:int")]))
    return str(path)


def both(capfdbinary: pytest.CaptureFixture[bytes], *words: str) -> tuple[bytes, bytes]:
    """Return what kmod's tool and ours print; both must succeed."""
    theirs = subprocess.run(words, capture_output=True, check=True).stdout
    assert main(list(words)) == 0
    return theirs, capfdbinary.readouterr().out


def test_every_record_of_modinfo_0_is_key_and_value(module: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    theirs, ours = both(capfdbinary, "modinfo", "-0", module)
    path = module.encode()
    assert theirs == b"filename:       " + path + b"\0license=GPL\0parm:           a:A (int)\0"
    assert ours == b"filename=" + path + b"\0license=GPL\0parm=a:A (int)\0"


def test_the_case_of_a_field_does_not_matter(module: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert both(capfdbinary, "modinfo", "-F", "License", module) == (b"", b"GPL\n")
    assert both(capfdbinary, "modinfo", "-F", "license", module) == (b"GPL\n", b"GPL\n")
