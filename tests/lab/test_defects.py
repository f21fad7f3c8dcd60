"""Defects of kmod's tools that only a real kernel shows: what they do, and beside it what ours do."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from lkm import lab

pytestmark = [pytest.mark.lab, pytest.mark.oracle]

LKM = str(Path(sys.executable).with_name("lkm"))


def guest(script: str, append: str = "") -> tuple[str, str]:
    """Run a script with kmod's tools as $T, then in a kernel as new with ours; return what each wrote."""
    said = []
    for tool in ("/sbin/", f"{LKM} "):
        words = f"T='{tool}'\nmodules=/lib/modules/$(uname -r)/kernel\n{script}"
        result = lab.run(["sh", "-c", words], append=append, merge=True)
        assert result.status == 0, result
        said.append(result.stdout.decode())
    return said[0], said[1]


def test_lsmod_of_a_module_that_vanishes_between_two_readings() -> None:
    """kmod's reads /proc/modules, then files of /sys for each; ours once. An empty /sys/module stands for it."""
    script = "/sbin/modprobe -a msdos loop; mount -t tmpfs none /sys/module; ${T}lsmod 2>/dev/null | sed 's/  */ /g'"
    theirs, ours = guest(script)
    assert theirs == "Module Size Used by\nloop -2 -2\nmsdos -2 -2\nfat -2 -2\noverlay -2 -2\n"
    assert re.fullmatch(r"Module.*\nloop \d+ 0\nmsdos \d+ 0\nfat \d+ 1 msdos\noverlay \d+ 1\n", ours), ours


def test_insmod_of_an_object_file_that_is_no_module() -> None:
    script = (
        "sed 's/linkonce.this_module/linkonce.that_module/g' $modules/fs/fat/fat.ko >/run/x.ko; ${T}insmod /run/x.ko"
    )
    theirs, ours = guest(f"{script}; echo $?")
    first = "insmod: ERROR: could not insert module /run/x.ko: Invalid module format\n"
    assert theirs == f"{first}1\n"
    assert ours.startswith(f"{first}  an ELF file, but no kernel module: "), ours
    assert ours.endswith("\n1\n")


def test_a_dash_in_a_blacklist_of_the_kernel_command_line() -> None:
    theirs, ours = guest("${T}modprobe -b dm-mod; lsmod | grep -c ^dm_mod; true", "modprobe.blacklist=dm-mod")
    assert theirs == "1\n"
    word = "/proc/cmdline (modprobe.blacklist=dm-mod)"
    assert ours == f"modprobe: WARNING: Module dm_mod is blacklisted, and not loaded: {word}\n0\n"


def test_an_install_command_in_spite_of_a_softdep() -> None:
    lines = "install loop echo no loop here\\nsoftdep loop pre: minix"
    theirs, ours = guest(
        f"printf '{lines}\\n' >/run/x.conf; ${{T}}modprobe -C /run/x.conf loop; cut -d ' ' -f 1 /proc/modules"
    )
    assert theirs == "loop\nminix\noverlay\n"
    assert ours == "no loop here\nminix\noverlay\n"


def test_the_status_of_an_alias_of_several_modules() -> None:
    lines = "alias all msdos\\nalias all loop\\noptions msdos nosuch=1\\noptions loop max_part=x"
    script = f"printf '{lines}\\n' >/run/x.conf; ${{T}}modprobe -C /run/x.conf all 2>/dev/null; echo $?"
    theirs, ours = guest(
        f"{script}; sed -i '1{{h;d}};2{{G}}' /run/x.conf; ${{T}}modprobe -C /run/x.conf all 2>/dev/null; echo $?"
    )
    assert theirs == "1\n0\n"  # loop is refused: it is the last module, then the first
    assert ours == "1\n1\n"
