"""Parameters as the kernel finds them, against what modules tell people of them."""

from __future__ import annotations

import random

import pytest

from lkm.errors import FormatError
from lkm.formats.source import BytesSource
from lkm.modfile.facts import read
from lkm.modfile.kernelparam import KernelParam, read_params
from tests.fuzz.test_module_files import mutate
from tests.support.elfwriter import build_module
from tests.support.trees import debian_modules, uml_modules


@pytest.mark.parametrize("tree", [uml_modules, debian_modules], ids=["uml", "debian"])
def test_types_are_those_that_modinfo_tells(tree: object) -> None:
    assert callable(tree)
    root, release = tree()
    compared = 0
    for path in sorted((root / "lib/modules" / release).rglob("*.ko"))[::9]:
        source = BytesSource(path.read_bytes(), str(path))
        told = {p.name: p.type for p in read(source)[0].parameters}
        for parameter in read_params(source) or ():
            assert parameter.mode <= 0o777
            if parameter.type not in ("", "array of ") and told.get(parameter.name):
                compared += 1
                assert told[parameter.name] == parameter.type, (path, parameter)
                assert (parameter.limit is None) != (parameter.type == "string" or "array" in parameter.type)
    assert compared > 30


def test_a_parameter_of_a_real_module() -> None:
    root, release = uml_modules()
    path = root / "lib/modules" / release / "kernel/drivers/block/loop.ko"
    # max_loop is read by functions of the module's own
    found = {p.name: p for p in read_params(BytesSource(path.read_bytes())) or ()}
    assert found["max_loop"] == KernelParam("max_loop", "", 0o444)
    assert found["max_part"] == KernelParam("max_part", "int", 0o444)


def test_defaults_are_what_the_data_says() -> None:
    root, release = uml_modules()
    drivers = root / "lib/modules" / release / "kernel/drivers"
    source = BytesSource((drivers / "scsi/scsi_debug.ko").read_bytes())
    found = {p.name: p.default for p in read_params(source, defaults=True) or ()}
    assert {name: found[name] for name in ("scsi_level", "no_rwlock", "removable", "lbprz", "inq_vendor")} == {
        "scsi_level": "7",
        "no_rwlock": "N",
        "removable": "N",
        "lbprz": "1",
        "inq_vendor": "Linux   ",
    }
    assert {p.default for p in read_params(source) or ()} == {None}
    source = BytesSource((drivers / "i2c/i2c-stub.ko").read_bytes())
    assert {p.name: p.default for p in read_params(source, defaults=True) or ()}["chip_addr"] is None  # an array


def test_mutated_files_have_parameters_or_are_refused() -> None:
    root, release = uml_modules()
    paths = [root / "lib/modules" / release / "kernel/drivers" / name for name in ("net/dummy.ko", "i2c/i2c-stub.ko")]
    refused = 0
    for number in range(600):
        data = mutate(paths[number % 2].read_bytes(), random.Random(number))
        try:
            for parameter in read_params(BytesSource(data), defaults=True) or ():
                assert parameter.default is None or isinstance(parameter.default, str), number
        except FormatError:
            refused += 1
    assert 50 < refused < 550


def test_none_and_nonsense() -> None:
    assert read_params(BytesSource(build_module("x"))) is None
    assert read_params(BytesSource(build_module("x", sections={"__param": b"\1" * 90}))) == ()
    with pytest.raises(FormatError):
        read_params(BytesSource(b"x" * 100))
