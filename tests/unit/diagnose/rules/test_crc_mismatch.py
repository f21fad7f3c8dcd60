from __future__ import annotations

from lkm.diagnose.rules.crc_mismatch import find
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, KERNEL, FakeTree, case

MODULE = build_module("mod", modinfo=HEALTHY, needs=["_printk"], versions={"_printk": 1})


def test_the_kernels_symbol() -> None:
    (finding,) = find(case(build_module("mod", versions={"_printk": 7})))
    assert finding.what == "it was built against another version of _printk"
    assert [(f.text, f.origin) for f in finding.facts] == [
        ("wants CRC 0x00000007", "mod.ko: __versions"),
        ("has CRC 0x00000001", "this kernel"),
    ]
    assert finding.errno == "EINVAL"


def test_module_layout_and_the_log() -> None:
    log = ("mod: disagrees about version of symbol module_layout",)
    (finding,) = find(case(build_module("mod", versions={"module_layout": 7}), errno="ENOEXEC", log=log))
    assert (finding.errno, finding.facts[-1].origin) == ("ENOEXEC", "kernel log")


def test_a_kernel_without_versions() -> None:
    assert (
        list(find(case(build_module("mod", versions={"_printk": 7}), kernel=KERNEL._replace(modversions=False))))
        == []
    )


def test_a_healthy_module() -> None:
    assert list(find(case(MODULE, tree=FakeTree(mod=())))) == []


def test_a_crc_that_is_not_there() -> None:
    log = ("mod: no symbol version for module_layout",)
    (finding,) = find(case(build_module("mod"), errno="ENOEXEC", log=log))
    assert finding.what == "it does not say which version of module_layout it was built against"
    assert finding.errno == "ENOEXEC"
