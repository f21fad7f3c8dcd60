from __future__ import annotations

from lkm.diagnose.rules.other_kernel import find
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, KERNEL, case


def module(vermagic: str, **more: dict[str, int]) -> bytes:
    return build_module("mod", modinfo=(("license", "GPL"), ("vermagic", vermagic)), **more)  # type: ignore[arg-type]


def test_another_release() -> None:
    (finding,) = find(case(module("6.1.0-8-amd64 SMP preempt mod_unload modversions ")))
    assert finding.what == "it was built for kernel 6.1.0-8-amd64; this one is 6.1.0-9-amd64"
    assert [remedy.risk for remedy in finding.remedies] == ["safe", "safe", "risky"]


def test_crcs_tell_more_than_the_release() -> None:
    data = module("6.1.0-8-amd64 SMP preempt mod_unload modversions ", versions={"_printk": 1})
    assert list(find(case(data))) == []
    assert len(list(find(case(data, kernel=KERNEL._replace(modversions=False))))) == 1


def test_other_options() -> None:
    (finding,) = find(case(module("6.1.0-9-amd64 SMP mod_unload modversions RANDSTRUCT ", versions={"_printk": 1})))
    assert finding.what == (
        "it was built with RANDSTRUCT; this kernel was not; this kernel was built with preempt; it was not"
    )


def test_the_same_or_unknown() -> None:
    assert list(find(case(build_module("mod", modinfo=HEALTHY)))) == []
    assert list(find(case(module("x "), kernel=None))) == list(find(case(build_module()))) == []
