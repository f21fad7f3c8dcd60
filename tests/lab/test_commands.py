"""Install and remove commands, forbid and undoing in a real kernel; commands beside kmod's, in the same kernel."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lkm import lab

pytestmark = [pytest.mark.lab, pytest.mark.oracle]

LKM = str(Path(sys.executable).with_name("lkm"))

#: `both`: the function `scene` with modprobe as $M, kmod's then ours, must say and leave behind the same. kmod's
#: stdout is late where it is a file, so that is sorted. LC_CTYPE is Python's own in the C locale, _ the shell's.
PRELUDE = f"""
kmod="/sbin/modprobe" ours="{LKM} modprobe"
cat >/run/note <<'END'
#!/bin/sh
# What a command is given: its words and all of its environment. The tool has another name in each run.
{{ echo "-- $*"; env | sort | grep -v '^_=\\|^LC_CTYPE=\\|^M=\\|^SHLVL='; pwd; }} | sed "s|$M|MODPROBE|g" >>/run/notes
END
chmod 755 /run/note
state() {{ cut -d ' ' -f 1,3,4 /proc/modules; cat /sys/module/loop/parameters/* 2>/dev/null; }}
both() {{
    for which in kmod ours; do
        >/run/notes; eval M=\\$$which; export M
        scene >/run/out 2>/run/err; echo "status $?" >>/run/out
        sed -i '/^  \\|: INFO: /d; s/[^ ]*libkmod[^ ]* [^ ]*() //' /run/err
        {{ sort /run/out; state; cat /run/notes /run/err; }} >/run/$which
        for m in loop msdos vfat fat minix; do /sbin/rmmod $m 2>/dev/null; done
    done
    cmp -s /run/kmod /run/ours || {{ echo "DIFFERENT"; diff /run/kmod /run/ours; }}
    cat /run/ours
}}
"""


def guest(script: str) -> str:
    result = lab.run(["sh", "-c", PRELUDE + script], merge=True)
    out = result.stdout.decode()
    assert result.status == 0 and "DIFFERENT" not in out, out
    return out


def test_commands_get_what_kmods_get() -> None:
    """By name with options, by alias, as a dependency; nested with -i; with MODPROBE_OPTIONS set before."""
    out = guest(
        """
        cat >/run/x.conf <<'END'
options loop max_part=7
options my-loop max_loop=2
alias my-loop loop
install loop /run/note install $CMDLINE_OPTS; $M --ignore-install loop $CMDLINE_OPTS
remove loop /run/note remove $CMDLINE_OPTS; $M -r --ignore-remove loop
options fat a=1
install fat /run/note fat "$CMDLINE_OPTS" in $MODPROBE_MODULE; $M -i fat
END
        scene() {
            $M -v -C /run/x.conf loop max_loop=3 'x=a b'; cat /sys/module/loop/parameters/max_loop; state
            $M -r -v -C /run/x.conf loop; MODPROBE_OPTIONS='-v -C /run/x.conf' $M my-loop; state
            MODPROBE_OPTIONS='-C /run/x.conf' $M -r loop; $M -q -C /run/x.conf msdos; state
            $M -n -v -C /run/x.conf loop; $M -n -r -v -C /run/x.conf loop fat; $M -D -C /run/x.conf msdos
        }
        both
        """
    )
    for said in (
        "\n-- fat a=1  in fat\n",
        "\nMODPROBE_MODULE=loop\nMODPROBE_OPTIONS=-v -C /run/x.conf\n",
        "\nMODPROBE_OPTIONS=-q -C /run/x.conf\n",
        "\nMODPROBE_MODULE=fat\n",
        "\n-- install max_part=7 max_loop=2\n",
        "\n-- remove\n",
    ):
        assert said in f"\n{out}", out


def test_commands_that_fail_as_kmods_do() -> None:
    out = guest(
        """
        cat >/run/x.conf <<'END'
install loop exit 3
install minix kill -9 $$
remove minix false
install fat exit 1
alias two loop
alias two minix
END
        scene() {
            $M -C /run/x.conf loop; echo $?; $M -C /run/x.conf minix; echo $?; $M -q -C /run/x.conf loop; echo $?
            /sbin/modprobe minix; $M -r -C /run/x.conf minix; echo $?; $M -C /run/x.conf msdos; echo $?
            $M -C /run/x.conf -a loop vfat minix; echo $?; $M --first-time -C /run/x.conf loop; echo $?
        }
        both
        """
    )
    assert "Error running install command 'exit 3' for module loop: retcode 3\n" in out, out
    assert "Error running remove command for minix" in out


def test_what_a_failed_request_loaded_is_taken_out_again() -> None:
    """After a command that fails, with softdeps too; and what another module of an alias has loaded stays."""
    configs = {
        "install msdos exit 1": "fat",
        r"install msdos exit 1\nsoftdep msdos pre: loop minix": "loop, fat",
        r"softdep vfat pre: loop\ninstall vfat exit 9\nalias msdos vfat": "loop, fat",
    }
    lines = ["/sbin/modprobe minix; cat /proc/modules >/run/before"]
    for config in configs:
        lines += [f"printf '{config}\\n' >/run/x.conf; {LKM} modprobe -C /run/x.conf msdos 2>&1 | grep removed"]
        lines += ["cmp /proc/modules /run/before && echo same"]
    said = [
        line for gone in configs.values() for line in (f"  removed again, as loaded for msdos only: {gone}", "same")
    ]
    assert guest("\n".join(lines)).splitlines() == said


def test_forbid_holds_by_every_way_in() -> None:
    out = guest(
        f"""
        cat >/run/x.conf <<'END'
forbid fat because it is old
forbid loo[p]
alias my-fat fat
alias my-loop loop
softdep minix pre: loop post: my-fat
install loop /sbin/insmod /lib/modules/$(uname -r)/kernel/drivers/block/loop.ko
END
        cat /proc/modules >/run/before; M="{LKM} modprobe -C /run/x.conf"
        for words in fat my-fat fs-msdos vfat symbol:fat_scan loop my-loop block-major-7-0 '-a fat loop'; do
            $M $words >/run/said 2>&1; echo "$words: $?, $(grep -c 'is forbidden' /run/said)"
        done
        $M /lib/modules/$(uname -r)/kernel/fs/fat/fat.ko 2>&1; cmp /proc/modules /run/before && echo same
        $M minix; echo $?; lsmod | sed 1d | cut -d ' ' -f 1; $M --override-forbid loop && lsmod | grep -c loop
        /sbin/insmod /lib/modules/$(uname -r)/kernel/fs/fat/fat.ko; $M msdos && lsmod | grep -c ^msdos
        """
    )
    ways = ["fat", "my-fat", "fs-msdos", "vfat", "symbol:fat_scan", "loop", "my-loop", "block-major-7-0"]
    assert [line for line in out.splitlines() if line.endswith(": 1, 1")] == [f"{way}: 1, 1" for way in ways], out
    assert "-a fat loop: 1, 2\n" in out, out
    assert "fat is forbidden by /run/x.conf:1, because it is old [forbidden]" in out and "\nsame\n" in out, out
    assert "passed over loop, softdep (pre) of minix (/run/x.conf:5)" in out, out
    assert "passed over fat, softdep (post) of minix (/run/x.conf:5)" in out, out
    assert out.endswith("\n0\nminix\noverlay\n1\n1\n"), out


def test_modules_of_two_roots_load_and_go_together() -> None:
    """The extension's msdos needs the system's fat, of which its own index knows nothing. A command inherits that."""
    out = guest(
        f"""
        r=$(uname -r) base=/run/base/lib/modules/$(uname -r) more=/run/more/lib/modules/$(uname -r)
        mkdir -p $base $more; cp /lib/modules/$r/kernel/fs/fat/fat.ko $base
        cp /lib/modules/$r/kernel/fs/fat/msdos.ko /lib/modules/$r/kernel/fs/fat/vfat.ko $more
        for root in base more; do /sbin/depmod -b /run/$root $r 2>/dev/null; done
        echo 'install vfat {LKM} modprobe -d /run/base -i vfat && echo by command' >/run/x.conf
        M="{LKM} modprobe -C /run/x.conf -d /run/base --extra-root /run/more"
        $M -v fs-msdos; state; $M -r msdos; state; $M vfat; state; $M -r vfat; state
        {LKM} modprobe -d /run/base msdos || true
        """
    )
    release = out.split("/lib/modules/")[1].split("/")[0]
    lines = [f"insmod /run/base/lib/modules/{release}/fat.ko ", f"insmod /run/more/lib/modules/{release}/msdos.ko "]
    lines += ["msdos 0 -", "fat 1 msdos,", "overlay 1 -", "overlay 1 -", "by command"]
    lines += ["vfat 0 -", "fat 1 vfat,", "overlay 1 -", "overlay 1 -"]
    assert out.splitlines()[: len(lines)] == lines, out
    assert "Module msdos not found in directory /run/base/lib/modules/" in out
