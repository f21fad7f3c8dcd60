"""Real module trees to test with: ``root/lib/modules/release`` holds the modules. They are shared: never write."""

from __future__ import annotations

import functools
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lkm.formats.compression import decompress, kind_of
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
    """Return root and release of the modules of Debian's newest kernel (about 4000, signed, with modversions).

    As the package has them, with modules.order and modules.builtin, without what depmod writes; but not compressed.
    """
    root = debian_kernel()
    release = only_entry(root / "lib/modules")
    if any(root.rglob("*.ko")):
        return root, release
    return _replaced(root, release, "plain"), release


def debian_kernel() -> Path:
    """Return Debian's newest kernel package, unpacked."""
    return fetch()


def copy_tree(root: Path, release: str, dest: Path, *, compress: str = "") -> Path:
    """Copy ``root``'s modules, free to be changed, to ``dest/lib/modules/release``; return ``dest``.

    ``compress``: "xz", "zst" or "gz": each .ko is replaced by its compressed file.
    """
    source = _replaced(root, release, compress) if compress else root
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


def _replaced(root: Path, release: str, kind: str) -> Path:
    """Return a cached copy of a tree in which each module is of another kind: "xz", "zst", "gz" or "plain"."""
    stamp = (root / "lib/modules" / release / "modules.order").stat()
    cached = cache_dir() / "trees" / f"{release}-{stamp.st_size:x}-{stamp.st_mtime_ns:x}-{kind}"

    def replace(module: Path) -> None:
        data = module.read_bytes()
        if kind == "plain":
            module.with_suffix("").write_bytes(decompress(data, kind_of(data), str(module)))
        else:
            module.with_name(f"{module.name}.{kind}").write_bytes(compressor(kind)(data))
        module.unlink()

    def make(work: Path) -> None:
        modules = copy_tree(root, release, work) / "lib/modules" / release
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(replace, sorted(modules.rglob("*.ko.*" if kind == "plain" else "*.ko"))))

    return made_once(cached, make)


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
