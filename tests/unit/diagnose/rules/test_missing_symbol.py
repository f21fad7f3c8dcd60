from __future__ import annotations

from lkm.diagnose.rules.missing_symbol import find
from lkm.names import ModuleName
from lkm.state.nouns import LoadedModule
from tests.support.elfwriter import build_module
from tests.support.sick import KERNEL, FakeTree, case, loaded

TREE = FakeTree(fat=("fat_a", "fat_b"), mod=())


def test_a_provider_that_is_not_loaded() -> None:
    (finding,) = find(case(build_module("mod", needs=["fat_a", "fat_b", "_printk"]), tree=TREE))
    assert finding.what == "module fat, which is not loaded, provides 2 symbols: fat_a, fat_b"
    assert [remedy.command for remedy in finding.remedies] == ["lkm modprobe mod", "lkm modprobe fat"]
    assert list(find(case(build_module("mod", needs=["fat_a"]), tree=TREE, kernel=loaded("fat")))) == []


def test_the_log_tells_which() -> None:
    log = ("mod: Unknown symbol fat_b (err -2)", "mod: Unknown symbol gone_symbol (err -2)")
    findings = list(find(case(build_module("mod", needs=["fat_b"]), tree=TREE, errno="ENOENT", log=log)))
    assert [f.what for f in findings] == [
        "module fat, which is not loaded, provides a symbol: fat_b",
        "nobody provides a symbol that it needs: gone_symbol",
    ]
    assert {f.certainty for f in findings} == {"certain"}


def test_nobody_has_it() -> None:
    (finding,) = find(case(build_module("mod", needs=["_print"]), tree=TREE))
    assert finding.what == "nobody provides a symbol that it needs: _print"
    assert "_print: the nearest name that it has is _printk" in [fact.text for fact in finding.facts]


def test_weak_symbols_may_be_missing() -> None:
    assert list(find(case(build_module("mod", weak=["nobodys"]), tree=TREE))) == []


def test_without_the_kernels_exports_nothing_is_guessed() -> None:
    assert list(find(case(build_module("mod", needs=["fat_a"]), tree=TREE, kernel=None))) == []
    assert list(find(case(build_module("mod", needs=["fat_a"]), kernel=KERNEL._replace(exports=None)))) == []


def test_what_a_whole_log_does_not_tell_was_not_so() -> None:
    evidence = case(build_module("mod", needs=["fat_b"]), tree=TREE, errno="ENOENT")
    assert len(list(find(evidence))) == 1
    assert list(find(evidence._replace(attempt=evidence.attempt._replace(complete=True)))) == []


def test_it_is_told_when_it_cannot_be_known() -> None:
    evidence = case(build_module("mod", needs=["fat_b"]), kernel=KERNEL._replace(exports=None), errno="ENOENT")
    (finding,) = find(evidence)
    assert (finding.certainty, finding.what) == ("unknown", "whether symbols are missing is not known")
    assert finding.remedies[0].command == "lkm explain --image /boot/vmlinuz-6.1.0-9-amd64 mod.ko"


def test_a_provider_that_is_just_going() -> None:
    going = KERNEL._replace(loaded=(LoadedModule(ModuleName("fat"), 1, -1, state="Unloading"),))
    log = ("mod: Unknown symbol fat_a (err -2)",)
    (finding,) = find(case(build_module("mod", needs=["fat_a"]), tree=TREE, kernel=going, errno="ENOENT", log=log))
    assert finding.what == "module fat, which is being removed just now, provides a symbol: fat_a"
    assert [remedy.command for remedy in finding.remedies] == [""]
