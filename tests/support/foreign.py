"""Debian's kernel packages of other architectures and releases, by an apt state of their own in the cache."""

from __future__ import annotations

import functools
from pathlib import Path

from lkm.lab.cache import cache_dir, made_once
from lkm.lab.packages import run
from tests.support.trees import only_entry

#: name → (architecture, Debian release, meta package that names the kernel)
KERNELS = {
    "s390x": ("s390x", "bookworm", "linux-image-s390x"),
    "i386": ("i386", "bookworm", "linux-image-686-pae"),
    "armhf": ("armhf", "bookworm", "linux-image-armmp"),
    "arm64": ("arm64", "bookworm", "linux-image-arm64"),
    "ppc64el": ("ppc64el", "bookworm", "linux-image-powerpc64le"),
    "mips64el": ("mips64el", "bookworm", "linux-image-5kc-malta"),
    "trixie": ("amd64", "trixie", "linux-image-amd64"),
    "sid": ("amd64", "sid", "linux-image-amd64"),
}


@functools.cache
def foreign_modules(name: str) -> tuple[Path, str]:
    """Return root and release of a kernel of KERNELS: ``root/lib/modules/release``, never to be written to.

    Downloaded once; a newer one only when the cache is emptied.
    """
    root = made_once(cache_dir() / "foreign" / name, lambda work: _fetch(work, *KERNELS[name])) / "root"
    return root, only_entry(root / "lib/modules")


def _fetch(work: Path, architecture: str, release: str, meta: str) -> None:
    apt = work / "apt"
    for directory in ("state/lists/partial", "cache/archives/partial", "etc", "debs"):
        (apt / directory).mkdir(parents=True)
    (apt / "status").touch()
    keys = "/usr/share/keyrings/debian-archive-keyring.gpg"
    (apt / "sources.list").write_text(f"deb [signed-by={keys}] http://deb.debian.org/debian {release} main\n")
    settings = {
        "Dir::State": apt / "state",
        "Dir::State::status": apt / "status",
        "Dir::Cache": apt / "cache",
        "Dir::Etc::sourcelist": apt / "sources.list",
        "Dir::Etc::sourceparts": apt / "etc",
        "APT::Architecture": architecture,
        "APT::Architectures::": architecture,
        "Acquire::Languages": "none",
    }
    options = [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]
    run(["apt-get", *options, "-qq", "update"], release)
    image = _first_depends(options, meta, "linux-image-")
    # Since Debian 14 the modules are in a package of their own.
    packages = [_first_depends(options, image, "linux-modules-") or image]
    run(["apt-get", *options, "-qq", "download", *packages], image, cwd=apt / "debs")
    (work / "root").mkdir()
    for deb in (apt / "debs").iterdir():
        run(["dpkg-deb", "--extract", str(deb), str(work / "root")], str(deb))
    if not (work / "root/lib").exists():
        (work / "root/lib").symlink_to("usr/lib")


def _first_depends(options: list[str], package: str, start: str) -> str:
    """Return the first package whose name starts so that a package depends on, or ""."""
    shown = run(["apt-cache", *options, "show", "--no-all-versions", package], package)
    depends = next((line for line in shown.splitlines() if line.startswith("Depends: ")), "")
    words = depends.removeprefix("Depends: ").replace(",", " ").replace("|", " ").split()
    return next((word for word in words if word.startswith(start)), "")
