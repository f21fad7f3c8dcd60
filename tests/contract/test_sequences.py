"""Sequences of calls, drawn, on the real kernel and on the simulated one: the same answers, call by call.

All are played in one boot, one after the other; what the kernel keeps (taints, lines said once, permanent modules)
is kept by the world too, so each sequence also tests what those before it have left.
"""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.contract.play import Answer, Call
from tests.contract.sides import new_world, on_real, on_simulated
from tests.contract.test_rows import CLEAN, directory_of, image_of
from tests.support.trees import debian_kernel

pytestmark = pytest.mark.lab
SYSFS = "/sys/module/gt_main/parameters"
NAMES: tuple[str, ...] = (
    "gt_main",
    "gt_user",
    "gt_top",
    "gt_dev",
    "fat",
    "msdos",
    "vfat",
    "llc",
    "psnap",
    "fuse",
    "binfmt_misc",
)
NAMES += ("appletalk", "tun", "nls_cp437")
#: One thing wrong with each: msdos, gt_main under the name that they have.
ODD: tuple[str, ...] = (
    "vermagic.ko",
    "license.ko",
    "no-intree.ko",
    "no-modinfo.ko",
    "arch.ko",
    "half.ko",
    "relocation.ko",
)
ODD += ("gz.ko", "staging.ko", "proprietary.ko", "livepatch.ko", "no-symtab.ko", "section.ko", "names.ko", "text.ko")
GIVEN: tuple[str, ...] = (
    "pint=5",
    "pint=abc",
    "pint=99999999999",
    "puint=-1",
    "pbyte=256",
    "pbool",
    "pbool=2",
    "pinvbool",
    "parr=1,2",
)
GIVEN += ("parr=1,2,3,4,5", "parr=1,,2", "pstr=1234567", "pstr=12345678", 'pcharp="a b"', "pcharp", "unsafe_p=1")
GIVEN += (
    "nosuch=1",
    "no-such",
    "p-int=1",
    "delay-ms=0",
    "--",
    "async_probe",
    "dyndbg=+p",
    "pullong=0x10",
    "pshort=+7",
)
GIVEN += ("pshort=-", "pint=0x", "pint=-0x10", "pulong=+08", "pbool=oN", "pint=7 ", '"pint=1"')
ERRORS = (errno.ENODEV, errno.ENOENT, errno.EBUSY, errno.EINVAL)

name = st.sampled_from(NAMES)
text = st.lists(st.sampled_from(GIVEN), max_size=3).map(" ".join)
flags = st.sampled_from((0, 0, 0, 0, 0, 1, 2, 3, 4, 8))
thing = st.sampled_from(("gt_dev", "gt_dev", "fuse", "binfmt_misc"))
#: Weighted by how often it stands there: most sequences should get somewhere.
call = st.one_of(
    name.map(lambda n: ["load", f"{n}.ko", "", 0]),
    name.map(lambda n: ["load", f"{n}.ko", "", 0]),
    name.map(lambda n: ["load", f"{n}.ko", "", 0]),
    st.tuples(name, flags).map(lambda d: ["load", f"{d[0]}.ko", "", d[1]]),
    text.map(lambda t: ["load", "gt_main.ko", t, 0]),
    st.sampled_from(ERRORS).map(lambda n: ["load", "gt_main.ko", f"ret=-{n}", 0, n]),
    st.tuples(st.sampled_from(ODD), flags).map(lambda d: ["load", d[0], "", d[1]]),
    st.sampled_from(("gt_main.ko", "gt_user.ko", "fat.ko", "first-30.ko")).map(lambda f: ["init", f, "nosuch"]),
    name.map(lambda n: ["unload", n, False]),
    name.map(lambda n: ["unload", n, False]),
    st.tuples(name, st.booleans()).map(lambda d: ["unload", *d]),
    thing.map(lambda t: ["use", t]),
    thing.map(lambda t: ["use", t]),
    thing.map(lambda t: ["release", t]),
    name.map(lambda n: ["nobody", ["unload", n, False]]),
    st.tuples(st.sampled_from(("pint", "pstr", "pbyte")), st.sampled_from(("5\n", "x\n", "300\n"))).map(
        lambda d: ["write", f"{SYSFS}/{d[0]}", d[1]]
    ),
)


def draw(count: int, longest: int) -> list[list[Call]]:
    """Draw sequences; each ends with all removed that can be."""
    drawn: list[list[Call]] = []

    @settings(
        max_examples=count,
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(st.lists(call, min_size=3, max_size=longest))
    def keep(sequence: list[Call]) -> None:
        drawn.append([*sequence, CLEAN])

    keep()
    return drawn


def compare(
    scripts: list[list[Call]], place: Path, tell: Callable[[str], None], timeout: float, kernel: str = "uml"
) -> Counter[str]:
    """Play both; tell figures and the first difference of each sequence that has any."""
    where = "uml" if kernel == "uml" else debian_kernel()
    real = on_real(scripts, directory_of(kernel), where, timeout=timeout)
    new_world(place / "w", image_of(kernel))
    simulated = on_simulated(scripts, directory_of(kernel), place / "w")
    counts = Counter[str]()
    differences = []
    for number, (script, theirs, ours) in enumerate(zip(scripts, real, simulated, strict=True)):
        for at, (one, other) in enumerate(zip(theirs, ours, strict=True)):
            counts["calls"] += 1
            counts["refused" if one[0] else "done"] += 1
            counts["lines of log"] += len(one[1])
            counts["lines of /proc/modules"] += len(one[2])
            if one != other:
                calls = "; ".join([str(c)[:90] for c in script[: at + 1]])
                differences.append(f"sequence {number}: {calls}: {_unlike(one, other)}")
                break
    said = ", ".join([f"{n} {what}" for what, n in counts.items()])
    tell(
        "\n".join([f"{kernel}: {len(scripts)} sequences ({said}): {len(differences)} differences", *differences[:20]])
    )
    assert differences == []
    return counts


def _unlike(one: Answer, other: Answer) -> str:
    parts = zip(("errno", "log", "modules"), one, other, strict=True)
    return "; ".join([f"{what}: real {a}, simulated {b}"[:700] for what, a, b in parts if a != b])


def test_drawn_sequences_get_the_same_answers(tmp_path: Path, tell: Callable[[str], None]) -> None:
    counts = compare(draw(60, 12), tmp_path, tell, timeout=120)
    assert min(counts["done"], counts["refused"]) > counts["calls"] // 5
    assert counts["lines of log"] > 100


@pytest.mark.sweep
@pytest.mark.timeout(3600)
def test_many_drawn_sequences_get_the_same_answers(tmp_path: Path, tell: Callable[[str], None]) -> None:
    compare(draw(int(os.environ.get("LKM_SEQUENCES", "600")), 25), tmp_path, tell, timeout=2400)


@pytest.mark.sweep
@pytest.mark.timeout(3600)
def test_drawn_sequences_get_the_same_answers_from_debians_kernel(
    tmp_path: Path, tell: Callable[[str], None]
) -> None:
    directory = directory_of("debian")

    def possible(each: Call) -> bool:
        """Tell whether it is there; what is removed by force while it is in use ends the guest when it is closed."""
        file = each[1] if each[0] in ("load", "init") else ""
        return (directory / file).exists() and file != "livepatch.ko" and each[-1] is not True

    scripts = [[each for each in script if possible(each)] for script in draw(150, 20)]
    compare(scripts, tmp_path, tell, timeout=1200, kernel="debian")
