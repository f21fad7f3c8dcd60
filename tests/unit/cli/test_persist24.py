"""Parameters that outlive their module: insmod -e, rmmod -e, in a world of 2.4."""

from __future__ import annotations

from pathlib import Path

import pytest

from lkm.cli.main import main
from lkm.kernel.sim.kernel24 import Kernel24
from tests.support.modules24 import build

SOURCE = """
#include "module24.h"
LICENSE("GPL")
static int volume, other;
PARM(volume, "ip")
PARM(other, "i")
int *state(void) { return other ? &volume : 0; }
"""
KEPT = Path("w.root/var/lib/modules/persist/misc/sound")


@pytest.fixture(autouse=True)
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["lkm", "sim", "new", "w", "--dialect", "2.4"]) == 0
    monkeypatch.setenv("LKM_KERNEL", "sim:w")
    Path("w.root/lib/modules/2.4.2-2/misc/sound.o").write_bytes(build("sound", source=SOURCE))


def run(*words: str) -> int:
    return main(["lkm", *words])


def test_values_are_kept_from_one_load_to_the_next() -> None:
    assert run("insmod", "-e", "", "sound", "volume=7", "other=1") == 0
    assert [s.name for s in Kernel24("w").ksyms() if "_P" in s.name] == [
        "__insmod_sound_P/var/lib/modules/persist/misc/sound"
    ]
    assert run("rmmod", "sound") == 0
    assert KEPT.read_text() == "#% 2.4.2-2 20010408000000\nvolume=7\n"
    assert run("insmod", "-e", "", "sound") == 0
    assert Kernel24("w").parameters("sound") == (("volume", "7"),)
    run("rmmod", "sound")
    assert run("insmod", "-e", "", "sound", "volume=9") == 0  # the command line counts more
    KEPT.write_text("# loud\nvolume=1\n")
    assert run("rmmod", "-e") == 0
    assert KEPT.read_text() == "#% 2.4.2-2 20010408000000\n# loud\nvolume=9\n"
    assert [m.name for m in Kernel24("w").modules24()] == ["sound"]
    assert run("insmod", "-o", "two", "-e", "/etc/two", "sound", "volume=2") == 0
    assert run("modprobe", "-r", "two") == 0
    assert Path("w.root/etc/two").read_text().endswith("\nvolume=2\n")


def test_bad_lines_are_told_and_the_rest_counts(capfd: pytest.CaptureFixture[str]) -> None:
    KEPT.parent.mkdir(parents=True)
    KEPT.write_text("other=1\nvolume=loud\njunk\nvolume=3\n")
    assert run("insmod", "-e", "", "sound") == 0
    file = "/var/lib/modules/persist/misc/sound"
    err = capfd.readouterr().err
    assert f"{file}:3: not of the form KEY=VALUE\n" in err
    assert f"{file}: invalid parameter parm_other; passed over\n" in err
    assert Kernel24("w").parameters("sound") == (("volume", "3"),)


def test_nothing_is_kept_where_nothing_is_to_be() -> None:
    assert run("insmod", "-e", "", "serial") == 0
    Path("w.root/etc/modules.conf").write_text("persistdir=\n")
    assert run("insmod", "-e", "", "sound", "volume=7") == 0
    assert run("rmmod", "sound", "serial") == 0
    assert not KEPT.parent.parent.exists()
