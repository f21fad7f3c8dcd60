from __future__ import annotations

from lkm.diagnose.evidence import Installed
from lkm.diagnose.rules.other_kernel import find
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, KERNEL, FakeTree, case


def module(vermagic: str, **more: dict[str, int]) -> bytes:
    return build_module("mod", modinfo=(("license", "GPL"), ("vermagic", vermagic)), **more)  # type: ignore[arg-type]


def test_another_release() -> None:
    (finding,) = find(case(module("6.1.0-8-amd64 SMP preempt mod_unload modversions ")))
    assert finding.what == "it was built for kernel 6.1.0-8-amd64; this one is 6.1.0-9-amd64"
    assert [(r.command, r.risk) for r in finding.remedies] == [
        ("make -C /lib/modules/6.1.0-9-amd64/build M=$PWD modules", "safe"),
        ("lkm modprobe --force-vermagic mod", "risky"),
    ]


def test_which_installed_kernel_it_fits() -> None:
    old = "6.1.0-8-amd64 SMP preempt mod_unload modversions "
    others = (Installed("6.1.0-8-amd64", "/a", old), Installed("6.1.0-8-rt", "/b", "x"), Installed("5.9", "/c"))
    evidence = case(module(old), tree=FakeTree(mod=()))._replace(installed=others)
    (finding,) = find(evidence)
    assert ("it fits kernel 6.1.0-8-amd64, which is installed", "/a") in [(f.text, f.origin) for f in finding.facts]
    assert [remedy.text for remedy in finding.remedies[1:3]] == [
        "take the module that came with this kernel",
        "boot kernel 6.1.0-8-amd64, which it fits",
    ]
    by_release = evidence._replace(installed=(Installed("6.1.0-8-amd64", "/a"),))
    assert next(find(by_release)).facts[2].origin == "/a"


def test_crcs_tell_more_than_the_release() -> None:
    data = module("6.1.0-8-amd64 SMP preempt mod_unload modversions ", versions={"_printk": 1})
    assert list(find(case(data))) == []
    assert len(list(find(case(data, kernel=KERNEL._replace(modversions=False))))) == 1


def test_other_options() -> None:
    (finding,) = find(case(module("6.1.0-9-amd64 SMP mod_unload modversions RANDSTRUCT ", versions={"_printk": 1})))
    assert finding.what == (
        "it was built with RANDSTRUCT; this kernel was not; this kernel was built with preempt; it was not"
    )
    assert [fact.text for fact in finding.facts[2:]] == [
        "a kernel gets RANDSTRUCT by CONFIG_RANDSTRUCT, preempt by CONFIG_PREEMPT_BUILD"
    ]


def test_the_same_or_unknown() -> None:
    assert list(find(case(build_module("mod", modinfo=HEALTHY)))) == []
    assert list(find(case(module("x "), kernel=None))) == list(find(case(build_module()))) == []
    (finding,) = find(case(module("x "), kernel=KERNEL._replace(vermagic=""), errno="ENOEXEC"))
    assert (finding.certainty, finding.facts[1].origin) == ("unknown", "evidence that is missing")
    assert finding.remedies[0].command == "lkm explain --image /boot/vmlinuz-6.1.0-9-amd64 mod.ko"
