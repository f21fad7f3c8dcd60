from __future__ import annotations

from lkm.diagnose.engine import diagnose
from lkm.diagnose.rules.half_loaded import find
from lkm.names import ModuleName
from lkm.state.nouns import LoadedModule
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, FakeTree, case, holding, loaded, unload

MODULE = build_module("mod", modinfo=HEALTHY, needs=["_printk"], versions={"_printk": 1})


def test_loading_and_unloading() -> None:
    kernel = loaded("mod")
    assert kernel.loaded
    for state in ("Loading", "Unloading"):
        half = kernel._replace(loaded=(kernel.loaded[0]._replace(state=state),))
        (finding,) = find(case(MODULE, kernel=half))
        assert (finding.errno, finding.facts[0].text) == ("EBUSY", f"mod ... {state}")
    assert list(find(case(MODULE, kernel=kernel))) == []


def test_one_that_was_to_be_removed() -> None:
    (finding,) = diagnose(unload("m", holding(LoadedModule(ModuleName("m"), 1, 1, state="Loading")), "EBUSY"))
    assert finding.what == "m is being loaded, and its init function has not returned"
    assert finding.source.endswith("delete_module")


def test_a_healthy_module() -> None:
    assert list(find(case(MODULE, tree=FakeTree(mod=())))) == []
