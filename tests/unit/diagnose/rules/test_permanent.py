from __future__ import annotations

from lkm.diagnose.engine import diagnose
from lkm.names import ModuleName
from lkm.state.nouns import LoadedModule
from tests.support.sick import holding, loaded, unload

STAYS = LoadedModule(ModuleName("m"), 1, 0, permanent=True)


def test_it_stays() -> None:
    (finding,) = diagnose(unload("m", holding(STAYS), "EBUSY"))
    assert (finding.code, [r.command for r in finding.remedies]) == ("permanent", ["reboot"])


def test_force_only_where_the_kernel_was_built_for_it() -> None:
    kernel = holding(STAYS)._replace(config={"CONFIG_MODULE_FORCE_UNLOAD": "y", "CONFIG_MODULE_UNLOAD": "y"})
    (finding,) = diagnose(unload("m", kernel))
    assert (finding.remedies[1].command, finding.remedies[1].risk) == ("lkm rmmod --force m", "risky")


def test_one_that_can_go() -> None:
    assert diagnose(unload("m", loaded("m"))) == ()
