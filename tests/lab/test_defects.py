"""Defects of kmod's tools that only a real kernel shows: what they do, and beside it what ours do."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from lkm import lab

pytestmark = [pytest.mark.lab, pytest.mark.oracle]

LKM = str(Path(sys.executable).with_name("lkm"))
#: All are run in one kernel, with $T before the names of kmod's tools, then in one with it before ours.
SCRIPTS = {
    "object": """
        sed 's/linkonce.this_module/linkonce.that_module/g' $modules/fs/fat/fat.ko >/run/x.ko
        ${T}insmod /run/x.ko; echo $?""",
    "dash": "${T}modprobe -b dm-mod; lsmod | grep -c ^dm_mod",
    "install": """
        printf 'install loop echo no loop here\\nsoftdep loop pre: minix\\n' >/run/x.conf
        ${T}modprobe -C /run/x.conf loop; cut -d ' ' -f 1 /proc/modules""",
    "alias": """
        printf 'alias all msdos\\nalias all loop\\noptions msdos nosuch=1\\noptions loop max_part=x\\n' >/run/x.conf
        ${T}modprobe -C /run/x.conf all 2>/dev/null; echo $?
        sed -i '1{h;d};2{G}' /run/x.conf; ${T}modprobe -C /run/x.conf all 2>/dev/null; echo $?""",
    "lsmod": """
        /sbin/modprobe -a msdos loop; mount -t tmpfs none /sys/module; ${T}lsmod 2>/dev/null | sed 's/  */ /g'""",
}


@pytest.fixture(scope="module")
def said() -> dict[str, tuple[str, str]]:
    """Return what each script writes, with kmod's tools and with ours."""
    clean = "/sbin/rmmod loop minix msdos fat dm_mod 2>/dev/null"
    both = []
    for tool in ("/sbin/", f"{LKM} "):
        lines = [f"T='{tool}' modules=/lib/modules/$(uname -r)/kernel"]
        for script in SCRIPTS.values():
            lines += [f"{script.strip()}\n{clean}", "echo @@"]
        result = lab.run(["sh", "-c", "\n".join(lines)], append="modprobe.blacklist=dm-mod", merge=True)
        assert result.status == 0, result
        both.append(result.stdout.decode().split("@@\n"))
    return {name: (theirs, ours) for name, theirs, ours in zip(SCRIPTS, *both, strict=False)}


def test_lsmod_of_a_module_that_vanishes_between_two_readings(said: dict[str, tuple[str, str]]) -> None:
    """kmod's reads /proc/modules, then files of /sys for each; ours once. An empty /sys/module stands for it."""
    theirs, ours = said["lsmod"]
    assert theirs == "Module Size Used by\nloop -2 -2\nmsdos -2 -2\nfat -2 -2\noverlay -2 -2\n"
    assert re.fullmatch(r"Module.*\nloop \d+ 0\nmsdos \d+ 0\nfat \d+ 1 msdos\noverlay \d+ 1\n", ours), ours


def test_insmod_of_an_object_file_that_is_no_module(said: dict[str, tuple[str, str]]) -> None:
    theirs, ours = said["object"]
    first = "insmod: ERROR: could not insert module /run/x.ko: Invalid module format\n"
    assert theirs == f"{first}1\n"
    assert ours.startswith(f"{first}  an object file of a module, or of a driver that is built in: "), ours
    assert ours.endswith("\n1\n")


def test_a_dash_in_a_blacklist_of_the_kernel_command_line(said: dict[str, tuple[str, str]]) -> None:
    theirs, ours = said["dash"]
    assert theirs == "1\n"
    word = "/proc/cmdline (modprobe.blacklist=dm-mod)"
    assert ours == f"modprobe: WARNING: Module dm_mod is blacklisted, and not loaded: {word}\n0\n"


def test_an_install_command_in_spite_of_a_softdep(said: dict[str, tuple[str, str]]) -> None:
    assert said["install"] == ("loop\nminix\noverlay\n", "no loop here\nminix\noverlay\n")


def test_the_status_of_an_alias_of_several_modules(said: dict[str, tuple[str, str]]) -> None:
    """loop is refused: it is the last module, then the first."""
    assert said["alias"] == ("1\n0\n", "1\n1\n")
