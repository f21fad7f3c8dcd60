from __future__ import annotations

from lkm.diagnose.engine import diagnose
from lkm.names import ModuleName
from lkm.state.nouns import LoadedModule
from tests.support.sick import KERNEL, holding, loaded, unload


def test_by_the_answer_the_configuration_or_the_missing_counts() -> None:
    for evidence, seen in (
        (unload("m", loaded("m"), "ENOSYS"), "delete_module: ENOSYS"),
        (unload("m", loaded("m")._replace(config={"CONFIG_SMP": "y"})), "CONFIG_MODULE_UNLOAD is not set"),
        (unload("m", holding(LoadedModule(ModuleName("m"), 1, -1))), "m has no use count"),
    ):
        (finding,) = diagnose(evidence)
        assert (finding.code, finding.facts[0].text) == ("unload-unsupported", seen)


def test_a_kernel_that_can() -> None:
    assert diagnose(unload("m", loaded("m")._replace(config={"CONFIG_MODULE_UNLOAD": "y"}))) == ()
    assert diagnose(unload("m", KERNEL._replace(loaded=None))) == ()
