"""Binding of 2.4 modules: names, versions, licenses."""

from __future__ import annotations

import pytest

from lkm.kernel.sim.link24 import Bound, Symbol24, bind, code, ksymoops_symbols, mismatch
from lkm.modfile.object24 import Object24


def module(*needs: str, version: str = "2.4.2", checksums: bool = False, terms: str = "GPL") -> Object24:
    info = [("kernel_version", version), ("using_checksums", str(int(checksums))), ("license", terms)]
    return Object24(32, "little", 3, tuple(info), 100, ((".text", 16), (".bss", 0)), needs=needs)


def symbols(*pairs: tuple[str, str]) -> list[Symbol24]:
    return [Symbol24(0, name, owner) for name, owner in pairs]


VERSIONED = symbols(("f_R00000001", "low"), ("printk_R00000002", ""), ("Using_Versions", ""))


def test_what_it_is_bound_to() -> None:
    bound = bind(module("f", "printk", "g"), symbols(("f", "low"), ("printk", "")))
    assert bound == Bound(("low",), ("g",))
    assert bind(module("f"), symbols(("f", "new"), ("f", "old"))).needs == ("new",)


@pytest.mark.parametrize(
    ("need", "checksums", "force", "missing"),
    [
        ("f_R00000001", True, False, ()),
        ("f_R00000009", True, False, ("f_R00000009",)),
        ("f_R00000009", True, True, ()),
        ("f", False, False, ()),
    ],
)
def test_versions(need: str, checksums: bool, force: bool, missing: tuple[str, ...]) -> None:
    bound = bind(module(need, checksums=checksums), VERSIONED, force=force)
    assert bound.missing == missing
    assert bound.other_version == tuple([(name, "f_R00000001") for name in missing])


def test_a_prefix_of_versions() -> None:
    kernel = symbols(("f_Rsmp_00000001", "low"), ("Using_Versions", ""))
    asked = module("f_R00000001", checksums=True)
    assert bind(asked, kernel).missing == ("f_R00000001",)
    assert bind(asked, kernel, prefix="smp_").needs == ("low",)


def test_symbols_for_gpl_modules_only() -> None:
    kernel = symbols(("GPLONLY_f", "low"))
    assert bind(module("f"), kernel).needs == ("low",)
    assert bind(module("f", terms="Proprietary"), kernel) == Bound((), ("f",), ("f",))


def test_the_release_it_was_built_for() -> None:
    assert mismatch(module(version="2.4.1"), "2.4.2", [])
    assert not mismatch(module(), "2.4.2", [])
    assert not mismatch(module(version="2.4.1", checksums=True), "2.4.2", VERSIONED)


def test_symbols_for_ksymoops() -> None:
    names = ksymoops_symbols("x", module(), "/x.o", 255)
    assert names == ("__insmod_x_O/x.o_M000000FF_V132098", "__insmod_x_S.text_L16")
    assert code("2.4.18-3custom") == 0x020412
