"""Sizes, as /proc/modules of the real kernels showed them."""

from __future__ import annotations

import pytest

from lkm.image.features import config_features
from lkm.kernel.sim.layout import sizes
from lkm.kernel.sim.objectfile import ObjectFile
from tests.support.elfwriter import build_module
from tests.support.trees import debian_modules, uml_modules


@pytest.mark.parametrize(("name", "size"), [("fat/fat", 60806), ("fat/msdos", 8072), ("nfs/nfs", 162824)])
def test_a_kernel_that_packs_everything(name: str, size: int) -> None:
    root, release = uml_modules()
    path = root / "lib/modules" / release / "kernel/fs" / f"{name}.ko"
    assert sizes(ObjectFile(path.read_bytes()), frozenset())[0] == size


@pytest.mark.parametrize(("name", "size"), [("fat/fat", 90112), ("fat/msdos", 20480), ("nfs/nfs", 520192)])
def test_a_kernel_that_protects_pages(name: str, size: int) -> None:
    root, release = debian_modules()
    features = frozenset(config_features((root / f"boot/config-{release}").read_text()))
    path = root / "lib/modules" / release / "kernel/fs" / f"{name}.ko"
    assert sizes(ObjectFile(path.read_bytes()), features)[0] == size


def test_versions_that_are_ignored_are_kept() -> None:
    file = ObjectFile(build_module("x", versions={"module_layout": 1}))
    known, ignored = (sizes(file, frozenset(), versions=versions)[0] for versions in (True, False))
    assert ignored == known + 64
