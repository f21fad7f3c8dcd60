from __future__ import annotations

import pytest

from lkm.names import ModuleName
from lkm.report.removal import obstacle
from lkm.state.nouns import LoadedModule

FAT = LoadedModule(ModuleName("fat"), 60806, 0)
HELD = FAT._replace(refcount=2, holders=(ModuleName("vfat"), ModuleName("msdos")))


@pytest.mark.parametrize(
    ("module", "builtin", "sentence"),
    [
        (FAT, False, ""),
        (FAT._replace(refcount=-1, state="Unloading"), False, ""),
        (None, False, "Module fat is not currently loaded"),
        (None, True, "Module fat is builtin."),
        (HELD, False, "Module fat is in use by: msdos vfat"),
        (FAT._replace(refcount=1), False, "Module fat is in use"),
        (FAT._replace(refcount=-1), False, "Module unloading is not supported"),
    ],
)
def test_what_stands_in_the_way_in_kmods_words(module: LoadedModule | None, builtin: bool, sentence: str) -> None:
    assert obstacle("fat", module, ("msdos", "vfat"), builtin=builtin) == sentence
