"""What QEMU needs of a Debian kernel, made once per kernel and kept in the cache."""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from lkm import __version__
from lkm.errors import FormatError, LabError
from lkm.formats.compression import decompress, kind_of
from lkm.lab.cache import cache_dir, made_once, remove
from lkm.lab.image import initramfs, vmlinux
from lkm.lab.job import SCRIPTS
from lkm.lab.packages import unpack
from lkm.names import ModuleName, name_from_path

# What the first program loads, with what these need: the way to the host's files, and the throwaway layer above them.
DRIVERS = ("virtio_pci", "9pnet_virtio", "9p", "overlay")


_UNUSED = 7 * 86400.0  # seconds


@dataclass(frozen=True)
class DebianKernel:
    """An unpacked kernel package: its release, its boot image and the parent of its module directory."""

    release: str
    image: Path
    modules: Path

    @property
    def key(self) -> str:
        """Return a name for what is made of just this kernel by just this code."""
        stat = self.image.stat()
        facts = (self.image, self.modules, stat.st_ino, stat.st_size, stat.st_mtime_ns, __version__)
        text = "\n".join(map(str, facts)).encode("utf-8", "surrogateescape")
        script = (SCRIPTS / "init-qemu.sh").read_bytes()
        return f"{self.release}-{hashlib.sha256(text + script).hexdigest()[:16]}"


def find_kernel(path: Path) -> DebianKernel:
    """Find the one kernel in an unpacked package or any other root, or in a .deb. Raises LabError."""
    if path.is_file():
        path = unpack(path)
    path = path.resolve()
    if not path.is_dir():
        raise LabError("no such kernel package", str(path), "say uml, or the path of a .deb or where it is unpacked")
    modules = next((path / way for way in ("lib/modules", "usr/lib/modules") if (path / way).is_dir()), path)
    # The image is in /boot, or next to the modules (since Debian 14 in the package, in Fedora as well).
    images = {
        entry.name: image
        for entry in sorted(modules.iterdir())
        for image in (entry / "vmlinuz", path / "boot" / f"vmlinuz-{entry.name}")
        if image.is_file()
    }
    if len(images) != 1:
        what = (
            f"more than one kernel: {', '.join(images)}"
            if images
            else "no boot/vmlinuz-RELEASE with lib/modules/RELEASE"
        )
        raise LabError(what, str(path), "'lkm lab fetch' downloads a kernel package and prints where it is")
    ((release, image),) = images.items()
    return DebianKernel(release, image, modules)


def prepare(kernel: DebianKernel) -> Path:
    """Return the directory with ``kernel`` and ``initrd`` to boot, and the modules' index, ``index/RELEASE``."""
    directory = cache_dir() / "lab" / kernel.key
    made_once(directory, lambda work: _make(kernel, work, directory))
    os.utime(directory)
    return directory


def remove_unused(parent: Path, release: str, now: float) -> None:
    """Remove what was made of this release by other code or of another file, and not used for a week."""
    for old in parent.glob(f"{release}-" + "?" * 16):
        if now - old.stat().st_mtime > _UNUSED:
            remove(old)


def _make(kernel: DebianKernel, work: Path, final: Path) -> None:
    remove_unused(final.parent, kernel.release, time.time())
    depmod = "import sys; from lkm.cli.main import main; sys.exit(main(sys.argv))"
    root = str(kernel.modules.parent.parent)
    command = [sys.executable, "-c", depmod, "depmod", "-b", root, "-o", str(work), kernel.release]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"depmod failed: {done.stderr.strip()}", root)
    (work / "lib/modules").rename(work / "index")
    (work / "lib").rmdir()

    image = kernel.image.read_bytes()
    with contextlib.suppress(FormatError):  # QEMU can boot the image itself; it is only slower
        image = vmlinux(image, str(kernel.image))
    (work / "kernel").write_bytes(image)

    entries = [(name, 0o040755, b"") for name in ("bin", "proc", "dev", "mod", "job", "lower", "up", "new")]
    entries += [("bin/busybox", 0o100755, busybox()), ("init", 0o100755, (SCRIPTS / "init-qemu.sh").read_bytes())]
    # Where the guest finds the modules: on the host's root, which it has at /lower.
    entries += [("index", 0o120777, f"/lower{final}/index".encode("utf-8", "surrogateescape"))]
    entries += [("tree", 0o120777, f"/lower{kernel.modules}".encode("utf-8", "surrogateescape"))]
    order = load_order((work / "index" / kernel.release / "modules.dep").read_text(), DRIVERS)
    for path in order:
        data = (kernel.modules / kernel.release / path).read_bytes()
        entries.append((f"mod/{Path(path).name}", 0o100644, decompress(data, kind_of(data[:6]), path)))
    entries.append(("mod/order", 0o100644, "".join(f"{Path(path).name}\n" for path in order).encode()))
    (work / "initrd").write_bytes(initramfs(entries))


def busybox() -> bytes:
    """Return the statically linked busybox of this machine, or raise LabError."""
    for path in ("/bin/busybox", "/usr/bin/busybox"):
        try:
            return Path(path).read_bytes()
        except OSError:
            continue
    raise LabError("busybox is not installed", hint="apt-get install --no-install-recommends busybox-static")


def load_order(dependencies: str, names: tuple[str, ...]) -> list[str]:
    """Return the paths of the modules and of what they need, each after what it needs; built-in ones are not there.

    >>> load_order("k/9p.ko: k/9pnet.ko\\nk/9pnet.ko:\\nk/x.ko:\\n", ("9p", "virtio"))
    ['k/9pnet.ko', 'k/9p.ko']
    """
    lines: dict[ModuleName, list[str]] = {}
    for line in dependencies.splitlines():
        path, _, needs = line.partition(":")
        lines[name_from_path(path)] = [*reversed(needs.split()), path]
    wanted = [path for name in names for path in lines.get(name_from_path(name), ())]
    return list(dict.fromkeys(wanted))
