from __future__ import annotations

from lkm.diagnose.engine import diagnose
from lkm.names import ModuleName
from lkm.state.nouns import LoadedModule
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, FakeTree, case, holding

SAID = "mod: module using GPL-only symbols uses symbols gt_sym from proprietary module owner."
MODULE = build_module("mod", modinfo=HEALTHY, needs=["gt_sym", "secret"])


def test_the_kernel_says_so() -> None:
    log = (SAID, "mod: Unknown symbol gt_sym (err -2)")
    (finding,) = diagnose(case(MODULE, errno="ENOENT", log=log)._replace())
    assert finding.code == "proprietary-owner"
    assert finding.what == "it uses gt_sym of owner, which is proprietary, together with GPL-only symbols"
    assert finding.remedies[0].command == "lkm modinfo -l owner"


def test_it_is_foreseen() -> None:
    kernel = holding(LoadedModule(ModuleName("owner"), 1, 0, taint="PO"))
    tree = FakeTree(owner=("gt_sym",), mod=())
    (finding,) = diagnose(case(MODULE, kernel=kernel, tree=tree))
    assert (finding.code, finding.facts[1].origin) == ("proprietary-owner", "/proc/modules: taint P")


def test_without_gpl_only_symbols_it_loads() -> None:
    kernel = holding(LoadedModule(ModuleName("owner"), 1, 0, taint="PO"))
    module = build_module("mod", modinfo=HEALTHY, needs=["gt_sym"])
    assert diagnose(case(module, kernel=kernel, tree=FakeTree(owner=("gt_sym",), mod=()))) == ()
