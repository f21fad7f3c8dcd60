"""Files of /proc and /sys that decide on modules, written."""

from __future__ import annotations

from errno import EACCES, EINVAL, ENOENT, EPERM, ERANGE, EROFS
from pathlib import Path

import pytest

from lkm.kernel.sim.settings import write
from lkm.kernel.sim.world import World

PARAMETERS = "/sys/module/m/parameters"
ENFORCE = "/sys/module/module/parameters/sig_enforce"
DISABLED = "/proc/sys/kernel/modules_disabled"
LOCKDOWN = "/sys/kernel/security/lockdown"


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World.create(str(tmp_path / "w"), {"sig": "1", "lockdown_lsm": "1"})
    rows = [("m", "number", "int", 0o644, 0, None, 0), ("m", "fixed", "int", 0o444, 0, None, 0)]
    rows += [("m", "hidden", "int", 0, 0, None, 0), ("m", "risky", "int", 0o644, 1, None, 0)]
    made.db.executemany("INSERT INTO sysfs VALUES(?,?,?,?,?,?,?)", rows)
    return made


@pytest.mark.parametrize(
    ("path", "texts", "numbers"),
    [
        (f"{PARAMETERS}/number", ("5\n", "abc\n", "99999999999\n"), [0, EINVAL, ERANGE]),
        (f"{PARAMETERS}/fixed", ("5\n",), [EACCES]),
        (f"{PARAMETERS}/hidden", ("5\n",), [ENOENT]),
        (f"{PARAMETERS}/nosuch", ("5\n",), [ENOENT]),
        ("/proc/sys/kernel/nosuch", ("5\n",), [ENOENT]),
        (ENFORCE, ("what", "0", "1", "0"), [EINVAL, 0, 0, EROFS]),
        (DISABLED, ("0", "1", "0"), [EINVAL, 0, EINVAL]),
        (LOCKDOWN, ("what", "none", "integrity\n", "integrity", "confidentiality"), [EINVAL, EPERM, 0, EPERM, 0]),
    ],
)
def test_answers(world: World, path: str, texts: tuple[str, ...], numbers: list[int]) -> None:
    assert [write(world, path, text) for text in texts] == numbers


def test_what_it_leaves(world: World) -> None:
    for path in (DISABLED, ENFORCE):
        write(world, path, "1")
    write(world, f"{PARAMETERS}/number", "7\n")
    write(world, f"{PARAMETERS}/risky", "7\n")
    assert (world.meta("modules_disabled"), world.meta("sig_enforce")) == ("1", "1")
    assert world.db.execute("SELECT value FROM parameters WHERE name = 'number'").fetchone() == ("7",)
    said = [text for (text,) in world.db.execute("SELECT text FROM log")]
    assert said == ["Setting dangerous option risky - tainting kernel"]
