from __future__ import annotations

from lkm.diagnose.engine import diagnose
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, KERNEL, case

PATCH = build_module("mod", modinfo=(*HEALTHY, ("livepatch", "Y")))


def test_the_kernel_says_so_or_has_not_the_option() -> None:
    log = ("mod: module is marked as livepatch module, but livepatch support is disabled",)
    (finding,) = diagnose(case(PATCH, errno="ENOEXEC", log=log)._replace(kernel=KERNEL))
    assert finding.code == "livepatch"
    (finding,) = diagnose(case(PATCH, kernel=KERNEL._replace(config={"CONFIG_MODULES": "y"})))
    assert (finding.code, finding.facts[1].text) == ("livepatch", "CONFIG_LIVEPATCH is not set")


def test_a_kernel_that_takes_them_or_is_not_known() -> None:
    assert (
        diagnose(case(PATCH, kernel=KERNEL._replace(config={"CONFIG_MODULES": "y", "CONFIG_LIVEPATCH": "y"}))) == ()
    )
    assert diagnose(case(PATCH)) == ()
