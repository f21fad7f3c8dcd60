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
from lkm.cli.kernelside import of_image, with_signature
from lkm.diagnose.engine import diagnose
from lkm.diagnose.evidence import Attempt, Evidence, KernelSide
from lkm.diagnose.examine import examine
from lkm.names import ModuleName
from lkm.report.finding import lines_of
from lkm.state.nouns import LoadedModule
from lkm.system.moduletree import IndexedTree
from tests.contract.rowkit import Row
from tests.contract.test_rows import directory_of, expected, facts_of, image_of, rows_of

GOLDEN = Path(__file__).parents[1] / "golden/findings"
#: Row → disease; parameters and init functions have their own rule below.
DISEASES = {
    "unknown-symbol": "missing-symbol",
    "already": "already-loaded",
    "vermagic": "other-kernel",
    "vermagic-flags": "other-kernel",
    "crc-module_layout": "crc-mismatch",
    "crc-symbol": "crc-mismatch",
    "tampered-signed": "bad-signature",
    "sig-magic-only": "malformed-signature",
    "wrong-arch": "other-machine",
    "not-relocatable": "program",
    "truncated-0": "empty-file",
    "truncated-0-init": "empty-file",
    **{f"truncated-{n}": "cut-file" for n in ("30", "63", "500", "half", "-1000", "-64", "signed-half")},
    "truncated-1": "not-elf",
    "truncated-3": "not-elf",
    "text": "not-elf",
    "xz": "not-elf",
    "gz": "not-elf",
    "zst": "not-elf",
    "no-this_module": "not-a-module",
    "no-symtab": "stripped",
    "no-modinfo": "gpl-only",
    "shentsize": "damaged",
    "bad-reloc-type": "relocation",
    "gpl": "gpl-only",
    "no-license": "gpl-only",
    "tcrypt": "init-failed",
    "duplicate-export": "duplicate-symbol",
    "builtin-name": "built-in",
    "blacklist": "kernel-blacklist",
    "perm-load": "not-allowed",
    "perm-init": "not-allowed",
    "lockdown-unsigned": "unsigned",
    "lockdown-foreign": "unknown-key",
    "enforce-unsigned": "unsigned",
    "enforce-tampered": "bad-signature",
    "enforce-foreign": "unknown-key",
    "enforce-out-of-tree": "unsigned",
    "enforce-text": "unsigned",
    "enforce-forced": "unsigned",
    "modules_disabled": "modules-disabled",
}
#: Calls that are wrong by themselves, whatever the file.
ODD = {"xz-flag", "gz-flag", "bad-flags", "null-image"}
#: No rule knows these: a proprietary owner of a symbol, a livepatch where none can be.
ODD |= {"user-of-proprietary", "livepatch"}


def disease(title: str) -> str:
    if title.startswith("par-"):
        return "bad-parameter"
    if title.startswith("init-"):
        return "no-device" if title == "init-ENODEV" else "init-failed"
    return DISEASES[title]


def last(row: Row) -> list[object]:
    call = row.calls[-1]
    return call[1] if call[0] == "nobody" else call


def refused(kernel: str) -> list[Row]:
    rows = [row for row in rows_of(kernel) if last(row)[0] in ("load", "init") and row.title not in ODD]
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


def evidence(row: Row, kernel: str) -> Evidence:
    number, _, log = expected(row, kernel)
    verb, name, text, *_ = last(row)
    path = directory_of(kernel) / str(name)
    before = [Path(str(call[1])).stem for call in row.calls[:-1] if call[0] == "load"]
    side = side_of(kernel)._replace(
        origin="the kernel",
        loaded=tuple([LoadedModule(ModuleName(each), 0, 0) for each in before]),
        modules_disabled=row.title == "modules_disabled",
        capable=row.calls[-1][0] != "nobody",
    )
    data = path.read_bytes()
    file = with_signature(examine(str(name), data), data, facts_of(kernel).certificates)
    lines = tuple([line.partition(">")[2] for line in log])
    call = "finit_module" if verb == "load" else "init_module"
    tree = tree_of(kernel)
    module = file.facts.name if file.facts else path.stem
    return Evidence(file, side, tree, Attempt(call, number, lines, str(text), complete=True), module)


@pytest.mark.parametrize("kernel", ["uml", "debian"])
def test_the_right_disease_is_first(kernel: str) -> None:
    wrong, texts = [], []
    rows = refused(kernel)
    for row in rows:
        found = diagnose(evidence(row, kernel))
        codes = [finding.code for finding in found]
        if codes[:1] != [disease(row.title)]:
            wrong.append(f"{row.title} ({expected(row, kernel)[0]}): {codes}, not {disease(row.title)}")
        texts += [
            f"{row.title}: {expected(row, kernel)[0]}",
            *[f"  {line}" for f in found for line in lines_of(f)],
            "",
        ]
    assert wrong == [], "\n".join(wrong)
    assert len(rows) > 40
    text = "\n".join(texts).replace(tree_of(kernel).origin(), "TREE").replace(facts_of(kernel).release, "RELEASE")
    text = re.sub("sig_key=[0-9a-f:]+", "sig_key=KEY", text)  # a new key for each run
    assert text == (GOLDEN / f"{kernel}.txt").read_text()
