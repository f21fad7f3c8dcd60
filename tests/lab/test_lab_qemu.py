from __future__ import annotations

import errno
import shutil
import subprocess
import time
from pathlib import Path

from lkm.lab.cache import cache_dir
from tests.lab.contract import Contract
from tests.support.trees import copy_tree, debian_kernel, only_entry


class TestQemu(Contract):
    def kernel(self) -> str:
        return str(debian_kernel())

    def open_kernel(self, directory: Path) -> str:
        root = debian_kernel()
        release = only_entry(root / "lib/modules")
        tree = copy_tree(root, release, directory / "kernel")
        (tree / "boot").mkdir()
        shutil.copy(root / "boot" / f"vmlinuz-{release}", tree / "boot")
        return str(tree)

    def test_a_resumed_guest_has_the_time_and_chance_of_its_own(self) -> None:
        script = "date +%s; cat /proc/sys/kernel/random/uuid; head -c 16 /dev/urandom | od -An -tx1; dmesg"
        one, other = (self.run("sh", "-c", script).stdout.decode().splitlines() for _ in range(2))
        assert abs(int(other[0]) - time.time()) < 30
        assert one[1] != other[1]
        assert one[2] != other[2]
        # By chance they may differ without it, depending on how long ago the saved kernel last renewed its numbers.
        assert any("crng reseeded due to virtual machine fork" in line for line in one)

    def test_takes_a_package_file(self) -> None:
        deb = next((cache_dir() / "packages").glob("*/*.deb"))
        done = subprocess.run(
            ["dpkg-deb", "--field", str(deb), "Package"], capture_output=True, text=True, check=True
        )
        assert f"linux-image-{self.run_in(deb)}" == done.stdout.strip()

    def run_in(self, kernel: Path) -> str:
        from lkm.lab import run

        return run(["uname", "-r"], kernel).stdout.decode().strip()

    def test_signatures_are_enforced_where_the_command_line_says_so(self) -> None:
        script = """cd /tmp; cp /lib/modules/*/kernel/fs/fat/fat.ko* .; [ -f fat.ko ] || xz -d fat.ko.xz
            printf x >>fat.ko; busybox insmod fat.ko"""
        enforced = self.run("sh", "-c", script, append="module.sig_enforce=1")
        free = self.run("sh", "-c", script)
        # busybox exits with the kernel's error number.
        assert (enforced.status, free.status) == (errno.EKEYREJECTED, 0)
        assert enforced.stdout == b""
