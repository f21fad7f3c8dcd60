from __future__ import annotations

from lkm.diagnose.engine import diagnose
from lkm.diagnose.evidence import Attempt, Evidence, ModuleFile
from lkm.diagnose.finding import Fact
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, KERNEL, FakeTree, case

FAULT = Fact("modules.dep is older than kernel/fs", "/lib/modules/R/modules.dep")


class Elsewhere(FakeTree):
    def origin(self) -> str:
        return "/root dir/lib/modules/6.1"


def test_a_file_that_they_list_is_gone() -> None:
    gone = Fact("kernel/mod.ko is listed and is not there", "/lib/modules/R/modules.dep:7")
    evidence = Evidence(ModuleFile("/lib/mod.ko"), KERNEL, FakeTree(), Attempt("open", "ENOENT"), "mod")
    found = diagnose(evidence._replace(index_faults=(gone,)))
    assert found[0].code == "bad-index"
    assert [fact.origin for fact in found[0].facts] == ["/lib/modules/R/modules.dep:7", "/lib/mod.ko"]
    assert found[0].remedies[0].command == "lkm depmod R"
    assert "bad-index" not in [f.code for f in diagnose(evidence)]


def test_of_another_root() -> None:
    evidence = Evidence(None, KERNEL, Elsewhere(), Attempt("lookup"), "mod", index_faults=(FAULT,))
    assert diagnose(evidence)[0].remedies[0].command == "lkm depmod -b '/root dir' 6.1"


def test_a_module_that_would_load_all_the_same() -> None:
    module = build_module("mod", modinfo=HEALTHY, needs=["_printk"])
    (finding,) = diagnose(case(module)._replace(index_faults=(FAULT,)))
    assert (finding.code, finding.errno, finding.certainty) == ("bad-index", "", "likely")
    assert diagnose(case(module)) == ()
