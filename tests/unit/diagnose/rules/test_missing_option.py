from __future__ import annotations

from lkm.diagnose.engine import diagnose
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, KERNEL, case

MODULE = build_module("mod", modinfo=HEALTHY, needs=["__asan_load8_noabort", "module_put", "gone"])


def test_options_that_the_kernel_has_not() -> None:
    kernel = KERNEL._replace(config={"CONFIG_MODULES": "y", "CONFIG_MODULE_UNLOAD": "y"})
    found = diagnose(case(MODULE, kernel=kernel))
    assert [(f.code, f.certainty) for f in found] == [("missing-option", "certain"), ("missing-symbol", "certain")]
    assert found[0].what == "it needs __asan_load8_noabort, which a kernel has that was built with CONFIG_KASAN"
    assert found[0].facts[1].text == "CONFIG_KASAN is not set"
    assert found[1].what.endswith(": module_put, gone")


def test_its_configuration_is_not_known() -> None:
    log = ("mod: Unknown symbol module_put (err -2)",)
    finding, _ = diagnose(case(MODULE, errno="ENOENT", log=log))
    assert (finding.code, finding.certainty) == ("missing-option", "likely")
    assert finding.facts[1].origin == "evidence that is missing"


def test_a_healthy_module() -> None:
    assert diagnose(case(build_module("mod", modinfo=HEALTHY, needs=["_printk"]))) == ()
