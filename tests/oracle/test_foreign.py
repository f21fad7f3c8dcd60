"""Kernels of other architectures and of newer releases: ours against kmod, on every module.

Big-endian 64 bit, 32 bit, relocations of mips64, thousands of device tree aliases, compressed modules, flags of
exports.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from lkm.formats.source import BytesSource
from lkm.modfile import facts
from lkm.modfile.nouns import ModuleFacts
from lkm.system.files import open_source
from lkm.system.indexfiles import open_index
from tests.oracle.test_depmod import FILES, different, files_of, run_kmod, run_ours
from tests.oracle.test_modinfo import BATCH, Ours, kmod
from tests.oracle.test_modprobe import Tree, compare, fill, in_groups, kmods_defects
from tests.support.foreign import KERNELS, foreign_modules

__all__ = ["kmods_defects"]
pytestmark = [pytest.mark.oracle, pytest.mark.sweep]


@pytest.fixture(scope="module", params=list(KERNELS))
def indexed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return root and release of a copy that kmod's depmod indexed."""
    source, release = foreign_modules(request.param)
    place = tmp_path_factory.mktemp(request.param)
    (place / "empty").mkdir()
    directory = place / "root/lib/modules" / release
    shutil.copytree(source / "lib/modules" / release, directory, ignore=lambda d, names: links(d, names))
    status, out, _ = run_kmod("-b", str(place / "root"), release)
    assert (status, out) == (0, b"")
    return place / "root", release


def links(directory: str, names: list[str]) -> set[str]:
    return {name for name in names if os.path.islink(os.path.join(directory, name))}


def files(indexed: tuple[Path, str]) -> list[Path]:
    root, release = indexed
    found = sorted((root / "lib/modules" / release / "kernel").rglob("*.ko*"))
    assert len(found) > 2000
    return found


@pytest.mark.parametrize("layout", ["lib", "usr/lib", "link"])
def test_depmod(indexed: tuple[Path, str], layout: str, tmp_path: Path) -> None:
    root, release = indexed
    real = tmp_path / ("lib" if layout == "lib" else "usr/lib")
    shutil.copytree(root / "lib/modules", real / "modules", copy_function=os.link)
    if layout == "link":
        (tmp_path / "lib").symlink_to("usr/lib")
    want = files_of(root / "lib/modules" / release)
    for name in FILES:
        (real / "modules" / release / name).unlink(missing_ok=True)
    assert run_ours("-b", str(tmp_path), release)[:2] == (0, b"")
    assert different(files_of(real / "modules" / release), want) == []


@pytest.mark.parametrize("options", [[], ["-0"], ["-p"], ["-F", "signature"]], ids=" ".join)
def test_modinfo(indexed: tuple[Path, str], options: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    ours = Ours(monkeypatch)
    words = [str(path) for path in files(indexed)]
    for at in range(0, len(words), BATCH):
        assert ours(*options, *words[at : at + BATCH]) == kmod(*options, *words[at : at + BATCH])


@pytest.mark.usefixtures("kmods_defects")
def test_modprobe(indexed: tuple[Path, str]) -> None:
    root, release = indexed
    tree = Tree(root, release, root.parent / "empty")
    names = sorted(name.partition(".ko")[0] for name in tree.names)
    chance = random.Random(release)
    device_tree = [pattern for pattern in tree.patterns if pattern.startswith("of:")]
    aliases = [
        *tree.aliases(300, seed=3),
        *(fill(p, chance) for p in chance.sample(device_tree, 200 if device_tree[200:] else 0)),
    ]
    calls = [[*tree.where, "-D", name] for name in chance.sample(names, 200)]
    calls += [[*tree.where, option, alias] for alias in aliases for option in ("-R", "-D")]
    calls += [[*tree.where, "-a", "-n", "-v", *group] for group in in_groups(names, 100)]
    compare(calls)


def test_lookups_are_quick(indexed: tuple[Path, str]) -> None:
    root, release = indexed
    tree = Tree(root, release, root.parent / "empty")
    index = open_index(str(root / "lib/modules" / release))
    chance = random.Random(release)
    aliases = [fill(pattern, chance) for pattern in chance.sample(tree.patterns, 2000)]
    assert index.aliases("x") == ()
    start = time.perf_counter()
    for alias in aliases:
        index.aliases(alias)
    # Without pruning the mean is 1 to 100 ms.
    assert time.perf_counter() - start < 0.5 * 2000 / 1000


def test_facts(indexed: tuple[Path, str], tmp_path: Path) -> None:
    """No module has anything odd; names agree with readelf's, and CRCs of needs with those of their owners."""
    read: dict[Path, ModuleFacts] = {}
    sample = set(random.Random(1).sample(files(indexed), 300))
    for path in files(indexed):
        with open_source(str(path)) as source:
            data = source.read(0, source.size)
        read[path], problems = facts.read(BytesSource(data, str(path)))
        assert problems == (), path
        assert read[path].name == path.name.partition(".ko")[0].replace("-", "_")
        assert read[path].signature
        if path in sample:
            (tmp_path / "x.ko").write_bytes(data)
            agrees_with_readelf(read[path], tmp_path / "x.ko")
    owned = {export.name: export.crc for one in read.values() for export in one.exports}
    for path, one in read.items():
        assert [n for n in one.needs if n.crc is not None and owned.get(n.name, n.crc) != n.crc] == [], path


def agrees_with_readelf(module: ModuleFacts, path: Path) -> None:
    shown = subprocess.run(["readelf", "-sW", path], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in shown.splitlines() if re.match(r" +\d+: ", line)]
    exports = {row[-1][10:] for row in rows if row[-1].startswith("__ksymtab_") and row[3] != "SECTION"}
    assert {export.name for export in module.exports} == exports
    undefined = {row[7] for row in rows if len(row) > 7 and row[6] == "UND" and row[4] in ("GLOBAL", "WEAK")}
    # only the table of versions names module_layout
    assert {need.name for need in module.needs} - {"module_layout"} == undefined - {"module_layout"}
