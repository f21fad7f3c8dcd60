"""Refused removals in a real kernel name who uses the module: a process with a device or a socket, a mount."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import pytest

from lkm import lab
from tests.support.kernels import LKM

pytestmark = pytest.mark.lab

HOLD = """
import os, socket, time
tun, ppp = os.open("/dev/net/tun", os.O_RDWR), os.open("/dev/ppp", os.O_RDWR)
talk = socket.socket(socket.AF_APPLETALK, socket.SOCK_DGRAM)
open("/run/ready", "w").write(str(os.getpid()))
time.sleep(100)
"""


def fat_image() -> bytes:
    """Return an empty FAT12 file system: boot sector, two FATs of six sectors, a root directory of 16 entries."""
    image = bytearray(512 * 2000)
    image[:11] = b"\xeb\x3c\x90LKMTEST "
    struct.pack_into("<HBHBHHBHHH", image, 11, 512, 1, 1, 2, 16, 2000, 0xF8, 6, 32, 64)
    image[510:512] = b"\x55\xaa"
    for table in (512, 512 * 7):
        image[table : table + 3] = b"\xf8\xff\xff"
    return bytes(image)


def test_refusals_name_process_mount_and_socket(tmp_path: Path) -> None:
    (tmp_path / "hold.py").write_text(HOLD)
    (tmp_path / "image").write_bytes(fat_image())
    script = f"""
        for m in tun ppp_generic appletalk loop msdos sctp; do modprobe $m; done
        {sys.executable} {tmp_path}/hold.py &
        mkdir "/run/my disk"; losetup /dev/loop0 {tmp_path}/image && mount -t msdos /dev/loop0 "/run/my disk" || exit
        unshare -m sh -c 'exec 5</dev/ppp; echo >/run/second; exec sleep 100' & second=$!
        while [ ! -s /run/ready ] || [ ! -e /run/second ]; do sleep 0.1; done
        all="tun ppp_generic appletalk msdos fat loop"
        echo "== rmmod"; {LKM} rmmod $all
        echo "== rmmod -f"; {LKM} rmmod -f $all
        echo "== modprobe -r"; for m in tun fat; do {LKM} modprobe -r $m; done
        echo "== pids"; cat /run/ready; echo " $second"
        echo "== elsewhere"; umount "/run/my disk"; {LKM} rmmod msdos
        echo "== sctp"; {LKM} rmmod sctp
        echo "== free"; kill $second; wait $second; losetup -d /dev/loop0
        {LKM} modprobe -r msdos && {LKM} rmmod loop; grep -E '^(fat|loop)' /proc/modules
    """
    result = lab.run(["sh", "-c", script], merge=True)
    out = result.stdout.decode()
    sections = {part.split("\n")[0]: part.split("\n", 1)[1] for part in out.split("== ")[1:]}
    python, sleep = sections["pids"].split()
    mount = "a file system (msdos /dev/loop0) is mounted on /run/my disk"
    tun = f"  seen: process {python} (python) has /dev/net/tun open"
    fat = [f"  seen: msdos: {mount} (/proc/self/mountinfo)", "`umount '/run/my disk'`", "`lkm modprobe -r msdos`"]
    said = [
        *(tun, f"  seen: process {python} (python) has /dev/ppp open", f"process {sleep} (sleep) has /dev/ppp open"),
        *(f"process {python} (python) has a socket of protocol DDP open", f"  seen: {mount}", *fat),
        *(f"  seen: /dev/loop0 is attached to {tmp_path}/image", "`losetup -d /dev/loop0`", f"`kill {python}`"),
    ]
    for line in said:  # rmmod foresees it; with -f the kernel refuses
        assert line in sections["rmmod"] and line in sections["rmmod -f"], (line, out)
    assert sections["rmmod"].count("ERROR: Module ") == sections["rmmod -f"].count("could not remove module") == 6, (
        out
    )
    assert not [line for line in (tun, *fat) if line not in sections["modprobe -r"]], out
    assert f"  seen: {mount}, as process {sleep} (sleep) sees it (" in sections["elsewhere"], out
    assert (
        "seen: the kernel itself, or a process that cannot be seen, has a socket of protocol SCTP" in sections["sctp"]
    )
    assert "fat" not in sections["free"] and "loop" not in sections["free"], out


MORE = """
import fcntl, os, socket, struct, time
hash = socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET)
hash.bind(("hash", "md4"))
tun = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tun, 0x400454CA, struct.pack("16sH", b"tap9", 0x1002))  # TUNSETIFF: a tap without packet information
fcntl.ioctl(tun, 0x400454CB, 1)  # TUNSETPERSIST: it stays when nobody has it open
os.close(tun)
open("/run/ready", "w").close()
time.sleep(100)
"""


MAP = """
import mmap, os, time
disk = os.open("/dev/zram0", os.O_RDWR)
memory = mmap.mmap(disk, 4096)
os.close(disk)
os.closerange(3, 64)  # mmap keeps a copy of the descriptor
open("/run/mapped", "w").close()
time.sleep(100)
"""


def test_swap_algorithms_and_interfaces_that_stay(tmp_path: Path) -> None:
    (tmp_path / "more.py").write_text(MORE)
    (tmp_path / "map.py").write_text(MAP)
    script = f"""
        for m in zram algif_hash md4 tun; do modprobe $m; done
        echo 8M >/sys/block/zram0/disksize; /sbin/mkswap /dev/zram0 >/dev/null; /sbin/swapon /dev/zram0
        {sys.executable} {tmp_path}/more.py & while [ ! -e /run/ready ]; do sleep 0.1; done
        for m in zram zsmalloc af_alg md4 tun; do {LKM} rmmod $m; done
        /sbin/swapoff /dev/zram0
        {sys.executable} {tmp_path}/map.py & while [ ! -e /run/mapped ]; do sleep 0.1; done
        {LKM} rmmod zram; kill $!; wait $!; {LKM} rmmod zram zsmalloc && echo gone
    """
    out = lab.run(["sh", "-c", script], merge=True).stdout.decode()
    for line in (
        "  seen: swap is on /dev/zram0 (/proc/swaps)\n",
        "  seen: zram: swap is on /dev/zram0 (/proc/swaps)\n",
        "`swapoff /dev/zram0`\n",
        " (python) has a socket of protocol ALG open (",
        "  seen: algorithm md4-generic of the kernel's crypto is in use",
        " (python) has /dev/zram0 mapped (",
        "  seen: network interface tap9 (down) stands on it (/sys/class/net)\n",
    ):
        assert line in out, out
    assert out.endswith("gone\n"), out
