from __future__ import annotations

from lkm.diagnose.engine import diagnose
from lkm.diagnose.evidence import Attempt, Evidence, Installed
from lkm.diagnose.finding import Fact
from tests.support.sick import KERNEL, FakeTree

ASKED = Attempt("lookup", "ENOENT")
TREE = FakeTree(msdos=(), fat=())


def test_the_nearest_name() -> None:
    (finding,) = diagnose(Evidence(None, KERNEL, TREE, ASKED, "msods"))
    assert finding.what == "no module and no alias is named msods; did you mean 'msdos'?"
    assert [fact.text for fact in finding.facts] == ["2 modules, none of them msods"]
    assert [remedy.command for remedy in finding.remedies] == ["lkm modprobe msdos"]


def test_another_kernel_has_it() -> None:
    others = (Installed("6.0", "/lib/modules/6.0"), Installed("5.9", "/lib/modules/5.9", path="/lib/x.ko"))
    (finding,) = diagnose(Evidence(None, KERNEL, TREE, ASKED, "zork", installed=others))
    assert finding.what == "no module and no alias is named zork; kernel 5.9 has it"
    assert finding.facts[1].origin == "/lib/x.ko"


def test_nothing_is_near_and_an_alias() -> None:
    (finding,) = diagnose(Evidence(None, KERNEL, TREE, ASKED, "zork"))
    assert finding.remedies[0].command == "grep -i zork /lib/modules/R/modules.dep"
    (finding,) = diagnose(Evidence(None, KERNEL, TREE, ASKED, "pci:v00001234d*"))
    assert finding.what == "no module answers to pci:v00001234d*"


def test_no_tree() -> None:
    others = (Installed("6.0", "/lib/modules/6.0"),)
    (finding,) = diagnose(Evidence(None, KERNEL, None, ASKED, "fat", installed=others))
    assert finding.what == "fat is not found: no modules are installed for this kernel 6.1.0-9-amd64"
    assert finding.facts[0].text == "there are modules for 6.0"


def test_faulty_indexes_and_what_is_built_in() -> None:
    fault = Fact("modules.dep.bin is missing", "/lib/modules/R")
    found = diagnose(Evidence(None, KERNEL, TREE, ASKED, "zork", index_faults=(fault,)))
    assert [(f.code, f.certainty) for f in found] == [("bad-index", "certain"), ("not-found", "likely")]
    assert [f.code for f in diagnose(Evidence(None, KERNEL, TREE, ASKED, "fat", index_faults=(fault,)))] == [
        "bad-index"
    ]
    kernel = KERNEL._replace(builtin=frozenset(["unix"]))
    assert [f.code for f in diagnose(Evidence(None, kernel, TREE, ASKED, "unix"))] == ["built-in"]


def test_nothing_is_known() -> None:
    (finding,) = diagnose(Evidence(attempt=ASKED, name="x"))
    assert finding.certainty == "unknown"
