"""Evidence that was kept leads to the same findings, and is small."""

from __future__ import annotations

from lkm.diagnose.engine import diagnose
from lkm.diagnose.evidence import Evidence
from lkm.diagnose.saved import SavedTree, examined
from lkm.modfile.nouns import Export
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, KERNEL, FakeTree, case, loaded

TREE = FakeTree(fat=("fat_scan", "fat_time"), nls=("nls_x",), far=("far_y",))
PROPRIETARY = (("license", "Proprietary"), *HEALTHY[1:])
NEEDS = build_module("mod", modinfo=HEALTHY, needs=["fat_scan", "fat_scn", "_printk"])


def same(evidence: Evidence) -> Evidence:
    """Return what is kept, after it was seen to lead to the same findings."""
    found, kept = examined(evidence)
    assert found and found == diagnose(evidence) == diagnose(kept)
    again, twice = examined(kept)
    assert (again, twice) == (found, kept)
    return kept


def test_what_the_tree_was_asked_for_is_kept() -> None:
    log = ("mod: Unknown symbol fat_scan (err -2)", "mod: Unknown symbol fat_scn (err -2)")
    kept = same(case(NEEDS, tree=TREE, errno="ENOENT", log=log))
    assert isinstance(kept.tree, SavedTree)
    assert kept.tree.exporters == {"fat_scan": ("fat",)} and kept.tree.origin() == TREE.origin()
    assert kept.tree.path("fat") == TREE.path("fat") and kept.tree.path("nls") == ""
    assert kept.tree.facts("far") is None and kept.tree.owners("nls_x") == ()


def test_of_the_kernels_symbols_those_are_kept_that_were_looked_up() -> None:
    many = {f"symbol{number}": Export(f"symbol{number}") for number in range(1000)}
    kernel = KERNEL._replace(exports={**(KERNEL.exports or {}), **many}, symbols=frozenset(many))
    data = build_module("mod", modinfo=PROPRIETARY, needs=["secret"])
    kept = same(case(data, kernel=kernel, errno="ENOENT", log=("mod: Unknown symbol secret (err -2)",)))
    assert kept.kernel and set(kept.kernel.exports or {}) == {"secret"}
    assert kept.kernel.symbols is not None and len(kept.kernel.symbols) < 5


def test_names_to_guess_from_are_all_kept() -> None:
    kernel = KERNEL._replace(exports={"mod_scan": Export("mod_scan"), "other": Export("other")})
    data = build_module("mod", modinfo=HEALTHY, needs=["mod_scn"])
    kept = same(case(data, kernel=kernel, tree=TREE, errno="ENOENT", log=("mod: Unknown symbol mod_scn (err -2)",)))
    assert kept.kernel and set(kept.kernel.exports or {}) == {"mod_scan", "other"}


def test_without_kernel_or_tree_there_is_nothing_to_cut() -> None:
    kept = same(case(b"junk", kernel=None))
    assert (kept.kernel, kept.tree) == (None, None)
    assert same(case(NEEDS, kernel=loaded("fat"), tree=TREE)).kernel
