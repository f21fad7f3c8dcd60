"""Debian's kernel packages: downloaded by apt (root is not needed) and unpacked in the cache, never installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from lkm.errors import LabError
from lkm.lab.cache import cache_dir, locked, made_once, remove

#: The package that always depends on the newest kernel of its kind.
NEWEST = "linux-image-amd64"


def fetch(package: str = NEWEST, *, renew: bool = False) -> Path:
    """Return the root of the unpacked kernel package: ``root/lib/modules/RELEASE``, ``root/boot/vmlinuz-RELEASE``.

    Downloaded the first time (and when ``renew`` is set), then taken from the cache without asking apt.
    Raises LabError when apt is missing or cannot download it.
    """
    store = cache_dir() / "packages" / package
    store.mkdir(parents=True, exist_ok=True)
    with locked(store / ".lock"):
        found = sorted(store.glob("*.deb"), key=lambda path: path.stat().st_mtime_ns)
        deb = found[-1] if found and not renew else download(package, store)
    return unpack(deb)


def unpack(deb: Path) -> Path:
    """Return the root of the unpacked .deb, from the cache when this very file was unpacked before."""
    try:
        stat = deb.stat()
    except OSError as error:
        raise LabError(error.strerror or "cannot be read", str(deb)) from None

    def extract(root: Path) -> None:
        run(["dpkg-deb", "--extract", str(deb.absolute()), str(root)], str(deb))
        # Since Debian 13 modules are below usr/lib.
        if not (root / "lib").exists() and (root / "usr/lib/modules").is_dir():
            (root / "lib").symlink_to("usr/lib")

    return made_once(cache_dir() / "unpacked" / f"{deb.stem}-{stat.st_size:x}-{stat.st_mtime_ns:x}", extract)


def download(package: str, store: Path) -> Path:
    """Download the kernel package, or the one that it depends on, into ``store``; return the file.

    Lists of packages that are missing or out of date are fetched into the cache: only root may renew the system's.
    """
    if shutil.which("apt-get") is None:
        raise LabError(
            "this machine has no apt-get to download it with", package, "give the path of an unpacked kernel package"
        )
    try:
        return _download(package, store, [])
    except LabError:
        lists = cache_dir() / "apt"
        (lists / "lists/partial").mkdir(parents=True, exist_ok=True)
        (lists / "archives/partial").mkdir(parents=True, exist_ok=True)
        private = ["-o", f"Dir::State::lists={lists}/lists", "-o", f"Dir::Cache={lists}"]
        run(["apt-get", *private, "-qq", "update"], package)
        return _download(package, store, private)


def _download(package: str, store: Path, options: list[str]) -> Path:
    shown = run(["apt-cache", *options, "show", "--no-all-versions", package], package)
    image = image_of(shown) or package
    work = store / ".new"
    remove(work)
    work.mkdir()
    try:
        run(["apt-get", *options, "-qq", "download", image], image, cwd=work)
        deb = next(work.glob("*.deb"))
        return deb.rename(store / deb.name)
    except StopIteration:
        raise LabError("apt-get downloaded nothing", image) from None
    finally:
        remove(work)


def image_of(shown: str) -> str:
    """Return the kernel package that a meta package depends on, from what ``apt-cache show`` says; else "".

    >>> image_of("Package: linux-image-amd64\\nDepends: linux-image-6.1.0-9-amd64 (= 6.1.27-1), x")
    'linux-image-6.1.0-9-amd64'
    >>> image_of("Package: linux-image-6.1.0-9-amd64\\nDepends: kmod, linux-base (>= 4.3~)")
    ''
    """
    found = re.search(r"^Depends:.*?\b(linux-image-[a-z0-9.+-]+)", shown, re.MULTILINE)
    return found[1] if found else ""


def run(command: list[str], where: str, *, cwd: Path | None = None) -> str:
    """Run a program; return what it prints. Raises LabError with its last words when it fails or is missing."""
    try:
        done = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise LabError(f"{command[0]} is not on this machine", where) from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise LabError(f"{command[0]} failed: {said[-1] if said else f'status {done.returncode}'}", where)
    return done.stdout
