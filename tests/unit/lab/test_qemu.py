from __future__ import annotations

import gzip
import lzma
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from lkm.errors import FormatError, LabError
from lkm.lab import qemu
from lkm.lab.guest import Pipes
from lkm.lab.image import initramfs, vmlinux
from lkm.lab.prepared import find_kernel, load_order, remove_unused

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

KERNEL = b"\x7fELF" + bytes(5000)


def bzimage(payload: bytes, setup_sectors: int = 3) -> bytes:
    """Return a boot image around the payload; it starts 77 bytes into the protected-mode part."""
    image = bytearray((setup_sectors + 1) * 512 + 77)
    image[0x1F1] = setup_sectors
    image[0x1FE:0x200] = b"\x55\xaa"
    image[0x202:0x206] = b"HdrS"
    struct.pack_into("<II", image, 0x248, 77, len(payload))
    return bytes(image) + payload + b"what follows"


SIZE = struct.pack("<I", len(KERNEL))


@pytest.mark.parametrize(
    "payload",
    [
        gzip.compress(KERNEL),
        lzma.compress(KERNEL, check=lzma.CHECK_CRC32) + SIZE,
        zstd.compress(KERNEL) + SIZE,
    ],
    ids=["gzip", "xz", "zstd"],
)
def test_the_kernel_is_unpacked(payload: bytes) -> None:
    assert vmlinux(bzimage(payload), "vmlinuz") == KERNEL


def test_an_unpacked_kernel_is_taken_as_it_is() -> None:
    assert vmlinux(KERNEL, "vmlinux") == KERNEL


@pytest.mark.parametrize(
    "image", [b"", b"text" * 999, bzimage(b"LZO?" * 9), bzimage(gzip.compress(KERNEL)[:-20])[:-12]]
)
def test_other_images_are_refused(image: bytes) -> None:
    with pytest.raises(FormatError, match=r"^vmlinuz: "):
        vmlinux(image, "vmlinuz")


def test_initramfs_is_what_cpio_reads(tmp_path: Path) -> None:
    entries = [("d", 0o040755, b""), ("d/f", 0o100640, b"hello"), ("l", 0o120777, b"d/f")]
    archive = initramfs(entries)
    assert archive == initramfs(entries)
    subprocess.run(["busybox", "cpio", "-i"], input=archive, cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "l").read_text() == "hello"
    assert (tmp_path / "d/f").stat().st_mode == 0o100640


def test_load_order_is_needs_first_and_once() -> None:
    text = "k/9p.ko.xz: k/net.ko k/ring.ko\nk/net.ko: k/ring.ko\nk/ring.ko:\nk/virtio-pci.ko: k/ring.ko\n"
    assert load_order(text, ("virtio_pci", "9p", "built-in")) == [
        "k/ring.ko",
        "k/virtio-pci.ko",
        "k/net.ko",
        "k/9p.ko.xz",
    ]


def kernel_tree(root: Path, *releases: str) -> Path:
    for release in releases:
        (root / "lib/modules" / release).mkdir(parents=True)
        (root / "boot").mkdir(exist_ok=True)
        (root / "boot" / f"vmlinuz-{release}").write_bytes(b"kernel")
    return root


def test_find_kernel(tmp_path: Path) -> None:
    root = kernel_tree(tmp_path, "6.1.0-9-amd64")
    (root / "lib/modules/5.0-left-over").mkdir()
    kernel = find_kernel(root)
    assert kernel.release == "6.1.0-9-amd64"
    assert kernel.image == root / "boot/vmlinuz-6.1.0-9-amd64"
    key = kernel.key
    assert key == find_kernel(root).key
    kernel.image.write_bytes(b"another")
    assert find_kernel(root).key != key


def test_find_kernel_whose_image_is_next_to_its_modules(tmp_path: Path) -> None:
    image = tmp_path / "usr/lib/modules/7.2/vmlinuz"
    image.parent.mkdir(parents=True)
    image.write_bytes(b"kernel")
    kernel = find_kernel(tmp_path)
    assert (kernel.release, kernel.image, kernel.modules) == ("7.2", image, image.parent.parent)
    kernel_tree(tmp_path / "both", "7.2")
    shutil.copytree(tmp_path / "usr/lib", tmp_path / "both/lib", dirs_exist_ok=True)
    assert find_kernel(tmp_path / "both").image == tmp_path / "both/boot/vmlinuz-7.2"


def test_find_kernel_says_what_it_wants(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="no such kernel package"):
        find_kernel(tmp_path / "missing")
    with pytest.raises(LabError, match=r"no boot/vmlinuz-RELEASE") as caught:
        find_kernel(tmp_path)
    assert "lkm lab fetch" in caught.value.hint
    with pytest.raises(LabError, match=r"more than one kernel: 6\.1, 6\.2"):
        find_kernel(kernel_tree(tmp_path, "6.2", "6.1"))


def test_what_was_not_used_for_a_week_is_removed(tmp_path: Path) -> None:
    for name, age in (("6.1-0123456789abcdef", 8), ("6.1-fedcba9876543210", 6), ("6.2-0123456789abcdef", 8)):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (0, -age * 86400))
    remove_unused(tmp_path, "6.1", 0)
    assert sorted(os.listdir(tmp_path)) == ["6.1-fedcba9876543210", "6.2-0123456789abcdef"]


def test_hardware_is_the_same_for_all_runs_but_for_paths() -> None:
    """A snapshot can only be resumed on the machine that it was taken on."""

    def shape(arguments: list[str]) -> list[str]:
        return [word.split("path=")[0].split(":")[0] if "/" in word else word for word in arguments]

    one = qemu.hardware(Path("/tmp/x"), "", {"status": 5, "err": 6})
    other = qemu.hardware(Path("/tmp/y"), "/my, dir", {"status": 7, "err": 9})
    assert shape(one) == shape(other)
    assert "path=/my,, dir,mount_tag=rw" in " ".join(other)
    assert [word for word in other if word.startswith("file:/proc")] == [
        "file:/proc/self/fd/7",
        "file:/proc/self/fd/9",
    ]
    assert one.count("-serial") == qemu.hardware(Path("/tmp/x"), "", {"status": 5}).count("-serial") == 4


def test_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with Pipes(("out", "status")) as pipes, pytest.raises(LabError) as caught:
        qemu.machine(tmp_path, pipes, tmp_path, memory="512M", append="", rw="")
    assert str(caught.value) == "qemu-system-x86_64 is not installed"
    assert caught.value.hint == "apt-get install --no-install-recommends qemu-system-x86"
