"""insmod, rmmod and lsmod in a real kernel, beside kmod's: same words, same status; what we say more is pinned."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lkm import lab

pytestmark = [pytest.mark.lab, pytest.mark.oracle]

LKM = str(Path(sys.executable).with_name("lkm"))

# both TOOL ARGUMENT...: kmod's, then ours; each one's stdout and stderr and status. Explanations are indented, and
# --classic leaves them out: it is kmod's to the byte.
PRELUDE = f"""
fs=/lib/modules/$(uname -r)/kernel/fs drivers=/lib/modules/$(uname -r)/kernel/drivers
both() {{
    /sbin/"$@" >/run/kmod 2>&1; echo "status $?" >>/run/kmod
    {LKM} "$@" >/run/ours 2>&1; echo "status $?" >>/run/ours
    grep -v '^  ' /run/ours | cmp -s - /run/kmod ||
        {{ echo "DIFFERENT: $*"; cat /run/kmod; echo ---; cat /run/ours; }}
    echo "== $*"; grep '^  ' /run/ours
    [ "$1" = lsmod ] && return
    tool=$1; shift
    {LKM} $tool --classic "$@" >/run/classic 2>&1; echo "status $?" >>/run/classic
    cmp -s /run/classic /run/kmod || {{ echo "DIFFERENT: --classic $tool $*"; cat /run/classic; }}
}}
"""


def guest(script: str) -> list[str]:
    result = lab.run(["sh", "-c", PRELUDE + script], merge=True)
    out = result.stdout.decode()
    assert result.status == 0, (result, out)
    assert "DIFFERENT" not in out, out
    return out.splitlines()


def test_refused_loads_in_kmods_words_and_then_why() -> None:
    lines = guest(
        """
        both insmod $fs/fat/msdos.ko
        both insmod nosuch
        both insmod
        both insmod -
        both insmod /etc/passwd
        both insmod $drivers/net/dummy.ko numdummies=abc
        both insmod $drivers/net/dummy.ko numdummies=99999999999
        both insmod $drivers/block/loop.ko max_part=1 "max_loop=a b"
        sed 's/vermagic=6/vermagic=7/' $fs/fat/fat.ko >/run/other.ko; both insmod /run/other.ko
        head -c 20000 $fs/fat/fat.ko >/run/cut.ko; both insmod /run/cut.ko
        sed 's/linkonce.this_module/linkonce.that_module/g' $fs/fat/fat.ko >/run/object.ko; both insmod /run/object.ko
        """
    )
    text = "\n".join(lines)
    for said in (
        "  module fat, which is not loaded, provides 19 symbols: __fat_fs_error, fat_add_entries,",
        "and 15 more (-v lists all) [missing-symbol]\n    cure: ",
        "    cure: let modprobe load fat and msdos: `lkm modprobe msdos`\n",
        "[unreadable]\n    cure: insmod wants the path of a file; modprobe finds a module by its name: `lkm ",
        "  the file is a text, not a module [not-elf]",
        r"    seen: Invalid ELF header magic: != \x7fELF (kernel log)",
        "    seen: dummy: `abc' invalid for parameter `numdummies' (kernel log)\n    cure: ",
        "    seen: dummy: `99999999999' invalid for parameter `numdummies' (kernel log)\n    cure: ",
        "  it was built for kernel 7.",
        "  the file is cut off after 20000 bytes [cut-file]",
        "[not-a-module]",
    ):
        assert said in text, text


def test_lsmod_and_refused_removals() -> None:
    lines = guest(
        """
        both lsmod
        for m in msdos vfat dummy dm-mod nfsd cifs; do /sbin/modprobe $m; done
        both lsmod
        both lsmod extra >/dev/null
        both rmmod fat
        both rmmod overlay
        both rmmod nosuch
        both rmmod ext4
        /sbin/rmmod dm-mod; both rmmod dm-mod nosuch
        both rmmod
        both insmod $fs/fat/msdos.ko
        """
    )
    text = "\n".join(lines)
    assert "  fat is in use by modules vfat, msdos [in-use]\n    cure: " in text, text
    assert ": `lkm modprobe -r vfat msdos`\n" in text, text
    assert (
        "  overlay is in use by 1 user that is no module [in-use]\n    seen: a file system (overlay overlay)" in text
    )
    assert "  a module named msdos is in the kernel already [already-loaded]\n" in text, text


def test_a_module_comes_with_its_parameters_and_goes() -> None:
    lines = guest(
        f"""
        set -e
        {LKM} insmod $drivers/block/loop.ko max_loop=3 max_part=7
        cat /sys/module/loop/parameters/max_loop /sys/module/loop/parameters/max_part
        {LKM} rmmod loop
        {LKM} insmod $fs/fat/fat.ko && {LKM} insmod $fs/fat/msdos.ko && grep -c msdos /proc/filesystems
        {LKM} rmmod msdos fat
        {LKM} lsmod
        """
    )
    assert lines[:3] == ["3", "7", "1"]
    assert [line.split()[0] for line in lines[3:]] == ["Module", "overlay"]


@pytest.mark.parametrize("kind", ["gz", "xz", "zst"])
def test_compressed_modules_load(kind: str, tmp_path: Path) -> None:
    from tests.support.trees import compressor, uml_modules

    root, release = uml_modules()
    plain = root / "lib/modules" / release / "kernel/fs/fat/fat.ko"
    packed = tmp_path / f"fat.ko.{kind}"
    packed.write_bytes(compressor(kind)(plain.read_bytes()))
    lines = guest(f"{LKM} insmod {packed} && grep -c ^fat /proc/modules && {LKM} rmmod {packed} && {LKM} lsmod")
    assert lines[0] == "1" and [line.split()[0] for line in lines[1:]] == ["Module", "overlay"]


def test_forced_load_of_another_kernels_module_plain_and_compressed() -> None:
    lines = guest(
        f"""
        sed 's/vermagic=6/vermagic=7/' $fs/fat/fat.ko >/run/other.ko; xz -k /run/other.ko
        for file in /run/other.ko /run/other.ko.xz; do
            {LKM} insmod --force-modversion $file 2>&1 | grep 'ERROR.*Invalid module format' | wc -l
            {LKM} insmod --force-vermagic $file; echo $?; grep -c '^fat .*F' /proc/modules; {LKM} rmmod fat
        done
        """
    )
    assert lines == ["1", "0", "1"] * 2


def test_a_failed_modprobe_leaves_proc_modules_as_it_was() -> None:
    lines = guest(
        f"""
        cat /proc/modules >/run/before
        mkdir -p /run/tree/lib/modules && cp -r /lib/modules/$(uname -r) /run/tree/lib/modules/
        printf junk >/run/tree$fs/fat/msdos.ko
        {LKM} modprobe -d /run/tree msdos; echo "status $?"
        cmp /proc/modules /run/before && echo same
        {LKM} modprobe --keep-partial -d /run/tree msdos; grep -c ^fat /proc/modules
        {LKM} modprobe -d /run/tree msdos; grep -c ^fat /proc/modules
        """
    )
    text = "\n".join(lines)
    assert "  removed again, as loaded for msdos only: fat\nstatus 1\nsame\n" in text, text
    assert [line for line in lines if line.isdigit()] == ["1", "1"], text


def test_a_signal_undoes_what_a_request_has_loaded_so_far() -> None:
    lines = guest(
        f"""
        cat /proc/modules >/run/before
        echo 'install msdos kill -TERM $PPID; exec sleep 60' >/run/x.conf
        {LKM} modprobe -v -C /run/x.conf msdos; echo "status $?"
        cmp /proc/modules /run/before && echo same
        """
    )
    text = "\n".join(lines)
    assert "fat.ko" in lines[0] and lines[-2:] == ["status 143", "same"], text
    assert "  removed again, as loaded for msdos only: fat" in lines, text


def test_a_blacklist_of_the_kernel_command_line_is_named_by_its_word() -> None:
    script = f"""
        fs=/lib/modules/$(uname -r)/kernel/fs
        {LKM} modprobe msdos; echo "status $?"; {LKM} insmod $fs/minix/minix.ko; echo "status $?"
        {LKM} modprobe -b loop; echo "status $?"; {LKM} modprobe loop && cut -d ' ' -f 1 /proc/modules
    """
    words = "module_blacklist=vfat modprobe.blacklist=nfs,loop module_blacklist=msdos,minix"
    said = lab.run(["sh", "-c", script], append=words, merge=True).stdout.decode()
    text = "module_blacklist= on the kernel's command line forbids it [kernel-blacklist]"
    assert said.count(f"  {text}\n") == 2, said
    assert "    seen: Module minix is blacklisted (kernel log)\n" in said, said
    assert said.count("status 1") == 2 and said.count("status 0") == 1, said
    blacklisted = "modprobe: WARNING: Module loop is blacklisted, and not loaded: "
    assert f"{blacklisted}/proc/cmdline (modprobe.blacklist=nfs,loop)\n" in said, said
    assert said.endswith("\nloop\noverlay\n") and "vfat" not in said, said
