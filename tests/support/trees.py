"""Real module trees to test with: ``root/lib/modules/release`` holds the modules. They are shared: never write."""

from __future__ import annotations

import functools
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lkm.lab.cache import cache_dir, made_once
from lkm.lab.packages import fetch

UML = Path("/usr/lib/uml/modules")


@functools.cache
def uml_modules() -> tuple[Path, str]:
    """Return root and release of the User-Mode Linux kernel's modules (about 900, unsigned, no modversions)."""
    release = only_entry(UML)
    stamp = (UML / release / "modules.dep").stat().st_mtime_ns
    root = cache_dir() / "trees" / f"uml-{release}-{stamp:x}"
    return made_once(root, lambda work: copy(UML / release, work / "lib/modules" / release)), release


@functools.cache
def debian_modules() -> tuple[Path, str]:
    """Return root and release of Debian's newest kernel package (about 4000 modules, signed, with modversions).

    As the package has it: with modules.order and modules.builtin, without what depmod writes.
    """
    root = fetch()
    return root, only_entry(root / "lib/modules")


def copy_tree(root: Path, release: str, dest: Path, *, compress: str = "") -> Path:
    """Copy ``root``'s modules, free to be changed, to ``dest/lib/modules/release``; return ``dest``.

    ``compress``: "xz", "zst" or "gz": each .ko is replaced by its compressed file.
    """
    source = root
    if compress:
        stamp = (root / "lib/modules" / release / "modules.order").stat()
        cached = cache_dir() / "trees" / f"{release}-{stamp.st_size:x}-{stamp.st_mtime_ns:x}-{compress}"
        source = made_once(cached, lambda work: _compressed(root, release, work, compress))
    copy(source / "lib/modules" / release, dest / "lib/modules" / release)
    return dest


def only_entry(directory: Path) -> str:
    (name,) = (entry.name for entry in directory.iterdir())
    return name


def copy(source: Path, target: Path) -> None:
    # Links to build trees of other machines (build, source) are left out.
    def links(directory: str, names: list[str]) -> set[str]:
        return {name for name in names if os.path.islink(os.path.join(directory, name))}

    shutil.copytree(source, target, ignore=links)


def _compressed(root: Path, release: str, work: Path, kind: str) -> None:
    modules = copy_tree(root, release, work) / "lib/modules" / release
    compress = compressor(kind)

    def replace(module: Path) -> None:
        module.with_name(f"{module.name}.{kind}").write_bytes(compress(module.read_bytes()))
        module.unlink()

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(replace, sorted(modules.rglob("*.ko"))))


def compressor(kind: str) -> Callable[[bytes], bytes]:
    """Return a quick compressor for "xz", "zst" or "gz"."""
    if kind == "xz":
        import lzma

        # The kernel's decoder knows CRC32 as the only check.
        return functools.partial(lzma.compress, check=lzma.CHECK_CRC32, preset=0)
    if kind == "zst":
        from backports import zstd

        return functools.partial(zstd.compress, level=1)
    if kind == "gz":
        import gzip

        return functools.partial(gzip.compress, compresslevel=1, mtime=0)
    raise ValueError(kind)
