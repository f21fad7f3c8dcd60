from __future__ import annotations

from lkm.diagnose.rules.namespace import find
from lkm.modfile import nouns
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, KERNEL, FakeTree, case

MODULE = build_module("mod", modinfo=HEALTHY, needs=["_printk"], versions={"_printk": 1})


SPACED = KERNEL._replace(exports={"f": nouns.Export("f", namespace="NS")})


def test_not_imported() -> None:
    (finding,) = find(case(build_module("mod", needs=["f"]), kernel=SPACED))
    assert finding.what == "it uses f of namespace NS, which it does not import"
    assert 'MODULE_IMPORT_NS("NS")' in finding.remedies[0].text


def test_told_by_the_log() -> None:
    log = ("mod: module uses symbol (f) from namespace NS, but does not import it.",)
    (finding,) = find(case(b"", errno="EINVAL", log=log))
    assert finding.what == "it uses f of namespace NS, which it does not import"


def test_imported_or_allowed() -> None:
    data = build_module("mod", modinfo=(("import_ns", "NS"),), needs=["f"])
    assert list(find(case(data, kernel=SPACED))) == []
    lenient = SPACED._replace(config={"CONFIG_MODULE_ALLOW_MISSING_NAMESPACE_IMPORTS": "y"})
    assert list(find(case(build_module("mod", needs=["f"]), kernel=lenient))) == []


def test_a_healthy_module() -> None:
    assert list(find(case(MODULE, tree=FakeTree(mod=())))) == []
