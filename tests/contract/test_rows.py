"""Every row on both kernels: the table against simulated kernels, and those against the real one."""

from __future__ import annotations

import atexit
import errno
import functools
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from lkm.image.facts import read
from lkm.image.nouns import KernelFacts
from tests.contract.modules import make_files
from tests.contract.play import Answer, Call
from tests.contract.rowkit import ONCE, Expected, Row
from tests.contract.rows import LAST, ROWS
from tests.contract.sides import new_world, on_real, on_simulated
from tests.support.trees import debian_kernel, debian_modules, uml_modules

pytestmark = pytest.mark.lab
UML = Path("/usr/bin/linux.uml")
CLEAN: Call = ["clean"]


def image_of(kernel: str) -> Path:
    return UML if kernel == "uml" else next((debian_kernel() / "boot").glob("vmlinuz-*"))


@functools.cache
def facts_of(kernel: str) -> KernelFacts:
    return read(image_of(kernel).read_bytes(), kernel)


@functools.cache
def directory_of(kernel: str) -> Path:
    """Return the directory of the module files, made once a process; the guest sees it."""
    place = Path(tempfile.mkdtemp(prefix=f"lkm-contract-{kernel}-"))
    place.chmod(0o755)
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    root, release = {"uml": uml_modules, "debian": debian_modules}[kernel]()
    make_files(facts_of(kernel), root / "lib/modules" / release, place)
    return place


@pytest.fixture(params=["uml", "debian"])
def kernel(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def rows_of(kernel: str) -> list[Row]:
    return [row for row in ROWS if (row.uml if kernel == "uml" else row.debian) is not None]


def expected(row: Row, kernel: str) -> Expected:
    """Return what the table says, with this kernel's own words."""
    number, taint, lines = (row.uml if kernel == "uml" else row.debian) or ("", "", ())
    magic = facts_of(kernel).vermagic
    words = {"magic": magic, "other": magic.replace("6.1", "6.2", 1), "comm": "PROGRAM"}
    words["flagged"] = magic.replace("mod_unload", "mod_unloaX", 1)
    return _name(getattr(errno, number, 0)), taint, tuple([_filled(line, words) for line in lines])


def _name(number: int) -> str:
    return errno.errorcode[number] if number else "OK"


def _filled(line: str, words: dict[str, str]) -> str:
    for key, word in words.items():
        line = line.replace(f"{{{key}}}", word)
    return line


def got(row: Row, answer: Answer) -> Expected:
    """Return errno, taints and lines of the last call that counts."""
    number, lines, modules = answer
    shown = next((r for r in modules if r[0] == _module(row)), None)
    taint = "-" if shown is None else shown[5].strip("()")
    return _name(number), taint, tuple(lines)


def _module(row: Row) -> str:
    """Return the name of the module that a row is about."""
    call = row.calls[-1]
    while call[0] == "nobody":
        call = call[1]
    if call[0] in ("use", "release", "odd") or call[0] == "unload":
        return str(call[1]).replace("-", "_")
    if call[0] == "write":
        return "gt_main"
    stem = str(call[1]).removesuffix(".ko")
    if stem in ("staging", "livepatch"):
        return "gt_main"
    return stem if stem in ("fat", "dummy", "minix", "tcrypt", "printk") or stem.startswith("gt_") else "msdos"


def test_simulated_kernels_answer_as_the_table_says(kernel: str, tmp_path: Path, tell: Callable[[str], None]) -> None:
    differences = []
    worlds: dict[str, Path] = {}
    for row in rows_of(kernel):
        if row.policy not in worlds:
            worlds[row.policy] = tmp_path / f"world{len(worlds)}"
            new_world(worlds[row.policy], image_of(kernel), row.policy)
        world = tmp_path / "w"
        shutil.copy(worlds[row.policy], world)
        (answers,) = on_simulated([list(row.calls)], directory_of(kernel), world)
        world.unlink()
        wanted, found = expected(row, kernel), got(row, nameless(answers[-1]))
        if not row.fresh:
            found = (*found[:2], tuple([line for line in found[2] if not ONCE.search(line)]))
        if wanted != found:
            differences.append(f"{row.title}: table {wanted}, simulated {found}"[:600])
    said = f"{len(rows_of(kernel))} rows of the table on a simulated {kernel} kernel: {len(differences)} differences"
    tell("\n".join([said, *differences]))
    assert differences == []


def in_one_boot(kernel: str, rows: list[Row], place: Path, policy: str = "", append: str = "") -> list[str]:
    """Play rows on the real and on the simulated kernel; return the differences, those to the table too."""
    scripts = [[*row.calls, CLEAN] for row in rows]
    where = kernel if kernel == "uml" else debian_kernel()
    real = on_real(scripts, directory_of(kernel), where, append, timeout=300)
    world = place / f"w{policy.replace('=', '')}"
    new_world(world, image_of(kernel), policy)
    simulated = on_simulated(scripts, directory_of(kernel), world)
    differences = []
    for row, theirs, ours in zip(rows, real, simulated, strict=True):
        for call, one, other in zip([*row.calls, CLEAN], theirs, ours, strict=True):
            if nameless(one) != nameless(other):
                differences.append(f"{row.title}: {str(call)[:100]}: real {one}, simulated {other}"[:600])
        wanted, found = expected(row, kernel), got(row, nameless(theirs[-2]))
        lines = [tuple([line for line in answer[2] if not ONCE.search(line)]) for answer in (wanted, found)]
        if (*wanted[:2], lines[0]) != (*found[:2], lines[1]):
            differences.append(f"{row.title}: table {wanted}, real {found}"[:600])
    return differences


def nameless(answer: Answer) -> Answer:
    """Return the answer without the name of the program that made the call."""
    return [answer[0], [re.sub("Lockdown: [^:]*:", "Lockdown: PROGRAM:", line) for line in answer[1]], answer[2]]


def test_the_real_kernel_answers_as_the_simulated_one_all_rows_in_one_boot(
    tmp_path: Path, tell: Callable[[str], None]
) -> None:
    rows = [row for row in rows_of("uml") if row not in LAST]
    rows += LAST
    differences = in_one_boot("uml", rows, tmp_path, "module_blacklist=minix", "module_blacklist=minix")
    calls = sum([len(row.calls) + 1 for row in rows])
    said = f"{len(rows)} rows ({calls} calls) on the real and the simulated kernel: {len(differences)} differences"
    tell("\n".join([said, *differences]))
    assert differences == []


#: How a real kernel is told of a policy.
APPEND = {"sig_enforce": "module.sig_enforce=1", "lockdown=integrity": "lockdown=integrity"}


@pytest.mark.sweep
@pytest.mark.timeout(1800)
def test_debians_real_kernel_answers_as_the_simulated_one(tmp_path: Path, tell: Callable[[str], None]) -> None:
    differences = []
    boots: dict[str, list[Row]] = {}
    for row in rows_of("debian"):
        # What is removed by force while it is in use ends the guest when it is closed.
        if row.title != "rm-force-refcount":
            boots.setdefault(row.policy, []).append(row)
    for policy, rows in boots.items():
        differences += in_one_boot("debian", rows, tmp_path, policy, APPEND.get(policy, policy))
    count = sum(map(len, boots.values()))
    said = f"{count} rows on Debian's real and on its simulated kernel, {len(boots)} boots: {len(differences)}"
    tell("\n".join([f"{said} differences", *differences]))
    assert differences == []
