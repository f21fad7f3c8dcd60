from __future__ import annotations

import errno

import pytest

from lkm.kernel.interface import Refused
from lkm.names import ModuleName
from lkm.report.removal import explain_unload, obstacle
from lkm.state.nouns import LoadedModule, LogRecord

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
    lines = obstacle("fat", module, ("msdos", "vfat"), builtin=builtin)
    assert (lines[0] if lines else "") == sentence


@pytest.mark.parametrize(
    ("number", "module", "word"),
    [
        (errno.ENOSYS, None, "CONFIG_MODULE_UNLOAD"),
        (errno.ENOENT, None, "not loaded"),
        (errno.EBUSY, FAT._replace(permanent=True), "[permanent]"),
        (errno.EBUSY, FAT._replace(state="Loading"), "loading just now"),
        (errno.EAGAIN, HELD, "in use by: vfat msdos"),
        (errno.EAGAIN, FAT._replace(refcount=3), "in use"),
    ],
)
def test_why_the_kernel_refused(number: int, module: LoadedModule | None, word: str) -> None:
    assert word in explain_unload(Refused("delete_module", number), module)[0]


def test_permission_and_log() -> None:
    outcome = Refused("delete_module", errno.EPERM, (LogRecord(4, 1, 1, "no\x1b"),))
    assert explain_unload(outcome, FAT, superuser=False) == ("only root may remove modules", r"kernel: no\x1b")
    assert "modules_disabled" in explain_unload(outcome, FAT)[0]
