"""The disease that is told first for each refused row, and its text; test_rows.py holds the rows to kernels."""

from __future__ import annotations

import atexit
import functools
import re
import shutil
import tempfile
from pathlib import Path

import pytest

from lkm.cli.depmod import main as depmod
from lkm.diagnose.engine import diagnose
from lkm.diagnose.evidence import Attempt, Evidence, KernelSide, ModuleFile
from lkm.diagnose.examine import examine
from lkm.diagnose.finding import Fact
from lkm.manager.kernelside import of_image, with_signature
from lkm.names import ModuleName
from lkm.report.finding import lines_of
from lkm.state.nouns import LoadedModule
from lkm.system.moduletree import IndexedTree
from tests.contract.diseases import MODPROBE, disease, is_about_a_module, last
from tests.contract.rowkit import Row
from tests.contract.rows import ROWS
from tests.contract.sides import new_world, on_simulated
from tests.contract.test_rows import directory_of, expected, facts_of, image_of, rows_of
from tests.support.sick import settings

#: What is told of modules that load.
WARNINGS = ("unknown-parameter", "blacklisted")
GOLDEN = Path(__file__).parents[1] / "golden/findings"


def refused(kernel: str) -> list[Row]:
    rows = [row for row in rows_of(kernel) if is_about_a_module(row)]
    return [row for row in rows if expected(row, kernel)[0] != "OK"]


@functools.cache
def side_of(kernel: str) -> KernelSide:
    return of_image(str(image_of(kernel)))[0]


@functools.cache
def tree_of(kernel: str) -> IndexedTree:
    """Return the modules of the contract's own directory, indexed."""
    place = Path(tempfile.mkdtemp(prefix="lkm-findings-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    release = facts_of(kernel).release
    tree = place / "lib/modules" / release
    tree.mkdir(parents=True)
    for name in ("fat", "msdos", "vfat", "dummy", "minix"):
        shutil.copy(directory_of(kernel) / f"{name}.ko", tree)
    assert depmod(["depmod", "-b", str(place), release]) == 0
    return IndexedTree(str(tree))


def loaded_before(row: Row, kernel: str, place: Path) -> tuple[LoadedModule, ...]:
    """Return the modules that are in the kernel when the last call is made, as a simulated kernel shows them."""
    if last(row)[0] != "unload":
        before = [Path(str(call[1])).stem for call in row.calls[:-1] if call[0] == "load"]
        return tuple([LoadedModule(ModuleName(name), 0, 0) for name in before])
    world = place / f"{kernel}-{row.title}"
    new_world(world, image_of(kernel))
    (answers,) = on_simulated([list(row.calls)], directory_of(kernel), world)
    rows = answers[-2][2] if len(answers) > 1 else []
    return tuple([_module(each) for each in rows])


def _module(row: list[str]) -> LoadedModule:
    name, size, count, users, state, _ = row
    holders = tuple([ModuleName(user) for user in users.split(",") if user not in ("", "-", "[permanent]")])
    return LoadedModule(ModuleName(name), int(size), int(count), holders, state, permanent="[permanent]" in users)


def evidence(row: Row, kernel: str, place: Path) -> Evidence:
    number, _, log = expected(row, kernel)
    verb, name, *words = last(row)
    side = side_of(kernel)._replace(
        origin="the kernel",
        loaded=loaded_before(row, kernel, place),
        modules_disabled=row.title == "modules_disabled",
        capable=row.calls[-1][0] != "nobody",
    )
    lines = tuple([line.partition(">")[2] for line in log])
    tree = tree_of(kernel)
    call = {"init": "init_module", "unload": "delete_module"}.get(verb, "finit_module")
    attempt = Attempt(call, number, lines, complete=True)
    path = directory_of(kernel) / str(name)
    if verb in ("unload", "odd") or name == "-":
        return Evidence(None, side, tree, attempt, str(name))
    data = path.read_bytes()
    file = with_signature(examine(str(name), data), data, facts_of(kernel).certificates)
    attempt = attempt._replace(parameters=str(words[0]), flags=words[1] if verb == "load" else 0)
    return Evidence(file, side, tree, attempt, file.facts.name if file.facts else path.stem)


def everywhere(text: str, kernel: str) -> str:
    """Return a text without what is another on each machine."""
    tree = tree_of(kernel).origin()
    text = text.replace(tree, "TREE").replace(tree.partition("/lib/modules")[0], "ROOT")
    return text.replace(facts_of(kernel).release, "RELEASE")


@pytest.mark.parametrize("kernel", ["uml", "debian"])
def test_the_right_disease_is_first(kernel: str, tmp_path: Path) -> None:
    wrong, texts = [], []
    rows = refused(kernel)
    for row in rows:
        found = diagnose(evidence(row, kernel, tmp_path))
        codes = [finding.code for finding in found]
        if codes[:1] != [disease(row.title)]:
            wrong.append(f"{row.title} ({expected(row, kernel)[0]}): {codes}, not {disease(row.title)}")
        texts += [
            f"{row.title}: {expected(row, kernel)[0]}",
            *[f"  {line}" for f in found for line in lines_of(f)],
            "",
        ]
    assert wrong == [], "\n".join(wrong)
    assert len(rows) > 60
    text = re.sub("sig_key=[0-9a-f:]+", "sig_key=KEY", "\n".join(texts))  # a new key for each run
    assert everywhere(text, kernel) == (GOLDEN / f"{kernel}.txt").read_text()


def by_modprobe(words: str, kernel: str) -> Evidence:
    """Return what modprobe knows where it says no by itself, or where the indexes are to blame."""
    tree, side = tree_of(kernel), side_of(kernel)._replace(origin="the kernel")
    file = ModuleFile(f"{tree.origin()}/msdos.ko")
    request, _, config = words.partition(", with `")
    name = request.split()[-1].rstrip(",")
    says = settings(config.rstrip("`"))
    base = Evidence(None, side, tree, name="msdos", settings=says)
    dep = f"{tree.origin()}/modules.dep.bin"
    if config.startswith(("install", "remove")):
        command = config.rstrip("`").split(" ", 2)[2]
        return base._replace(attempt=Attempt("command", command=command, status=int("false" in command)))
    if config:
        return base._replace(attempt=Attempt("forbid" if config.startswith("forbid") else "blacklist"))
    if words.startswith("msdos, whose file"):
        fault = Fact("msdos.ko is listed and is not there", dep)
        return base._replace(file=file, attempt=Attempt("open", "ENOENT"), index_faults=(fault,))
    if "text file" in words:
        data = (directory_of(kernel) / "msdos.ko").read_bytes()
        return base._replace(file=examine("msdos.ko", data), refused=("fat",), attempt=Attempt(complete=True))
    if words.startswith("a name"):
        return base._replace(
            name="ext4", kernel=side._replace(builtin=frozenset(["ext4"])), attempt=Attempt("lookup")
        )
    if words.endswith("a directory of modules"):
        return base._replace(tree=None, attempt=Attempt("lookup"))
    faults = () if name == "nosuch" else (Fact("it is missing, or no index", dep),)
    return base._replace(name=name if name == "nosuch" else "msdos", attempt=Attempt("lookup"), index_faults=faults)


@pytest.mark.parametrize("kernel", ["uml", "debian"])
def test_what_modprobe_says(kernel: str, tmp_path: Path) -> None:
    wrong, texts = [], []
    rows = {row.title: row for row in ROWS}
    for words, title, code in MODPROBE:
        if title and title not in {row.title for row in rows_of(kernel)}:
            continue
        if title and expected(rows[title], kernel)[0] == "OK":
            if code not in WARNINGS:
                continue  # this kernel takes it
            tried = evidence(rows[title], kernel, tmp_path)
            tried = tried._replace(attempt=tried.attempt._replace(call="", errno=""))
            says = settings("blacklist msdos" if "blacklist" in words else "")
            found = diagnose(tried._replace(settings=says), [code.replace("-", "_")])
        else:
            found = diagnose(evidence(rows[title], kernel, tmp_path) if title else by_modprobe(words, kernel))
        codes = [finding.code for finding in found]
        if codes[:1] != [code]:
            wrong.append(f"{words}: {codes}, not {code}")
        if not title:
            texts += [f"modprobe {words}", *[f"  {line}" for f in found for line in lines_of(f)], ""]
    assert wrong == [], "\n".join(wrong)
    assert everywhere("\n".join(texts), kernel) == (GOLDEN / f"modprobe-{kernel}.txt").read_text()
