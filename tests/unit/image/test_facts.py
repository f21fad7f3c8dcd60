"""The kernels that the tests have, against the modules built for them."""

from __future__ import annotations

import functools
import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lkm.errors import FormatError
from lkm.formats.source import BytesSource
from lkm.image.facts import read
from lkm.image.nouns import KernelFacts
from lkm.modfile.facts import read as read_module
from lkm.modfile.nouns import Export, ModuleFacts
from tests.support.kernelwriter import build_kernel
from tests.support.trees import debian_kernel, debian_modules, uml_modules

UML = Path("/usr/bin/linux.uml")


@functools.cache
def debian() -> KernelFacts:
    (path,) = (debian_kernel() / "boot").glob("vmlinuz-*")
    return read(path.read_bytes(), str(path))


@functools.cache
def uml() -> KernelFacts:
    return read(UML.read_bytes(), str(UML))


def modules(root: Path, step: int) -> list[ModuleFacts]:
    paths = sorted(root.rglob("*.ko"))
    assert len(paths) > 800
    return [read_module(BytesSource(path.read_bytes(), path.name))[0] for path in paths[::step]]


@pytest.mark.parametrize("kernel", ["uml", "debian"])
def test_image_agrees_with_the_modules_built_for_it(kernel: str) -> None:
    facts = {"uml": uml, "debian": debian}[kernel]()
    root, release = {"uml": uml_modules, "debian": debian_modules}[kernel]()
    assert facts.release == release
    assert facts.banner.startswith(f"Linux version {release} (")
    exports = {export.name: export for export in facts.exports}
    assert len(exports) == len(facts.exports) > 5000
    compared = 0
    for module in modules(root, 9 if kernel == "uml" else 40):
        assert module.vermagic == facts.vermagic
        for need in module.needs:
            export = exports.get(need.name)
            if export is None:
                continue  # another module's
            compared += 1
            assert export.crc == need.crc, need.name
            assert export.namespace == "" or export.namespace in module.imports, need.name
    assert compared > 1000


def test_certificate_of_the_image_signed_the_modules() -> None:
    (certificate,) = debian().certificates
    assert len(certificate) == 4 + int.from_bytes(certificate[2:4], "big")
    signatures = [module.signature for module in modules(debian_modules()[0], 400)]
    assert signatures
    for signature in signatures:
        assert signature is not None
        assert signature.key_id in certificate
        assert signature.signer.encode() in certificate


def test_marks_and_parameters() -> None:
    exports = {export.name: export for export in debian().exports}
    assert not exports["_printk"].gpl_only
    assert exports["platform_driver_unregister"].gpl_only
    assert exports["crypto_cipher_setkey"].namespace == "CRYPTO_INTERNAL"
    assert uml().certificates == ()


def test_parameters_have_types_and_modes() -> None:
    parameters = {parameter.name: parameter for parameter in debian().parameters}
    shown = [
        parameters[name] for name in ("initcall_debug", "printk.time", "module.sig_enforce", "edd.edd", "nosuch")[:3]
    ]
    assert [(p.type, p.mode) for p in shown] == [("bool", 0o644), ("bool", 0o644), ("bool_enable_only", 0o644)]


def test_types_are_those_that_modules_builtin_modinfo_tells() -> None:
    """The tree's modules.builtin.modinfo has parmtype= of built-in modules, made from the same sources."""
    root, release = uml_modules()
    told = {}
    for record in (root / "lib/modules" / release / "modules.builtin.modinfo").read_bytes().decode().split("\0"):
        key, _, value = record.partition("=")
        if key.endswith(".parmtype"):
            name, _, kind = value.partition(":")
            told[f"{key.partition('.')[0]}.{name}"] = kind
    compared = {p.name: (p.type, told[p.name]) for p in uml().parameters if p.type and p.name in told}
    assert compared.pop("sysrq.reset_seq") == ("array of ?", "array of sysrq_reset_seq")
    assert len(compared) > 20
    assert {name: pair for name, pair in compared.items() if pair[0] != pair[1]} == {}


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_broken_images_are_told(data: st.DataObject) -> None:
    image = bytearray(UML.read_bytes())
    table = int.from_bytes(image[40:48], "little")
    for _ in range(3):
        image[data.draw(st.integers(table, len(image) - 1) | st.integers(0, 63))] = data.draw(st.integers(0, 255))
    try:
        assert read(bytes(image), "broken").bits in {32, 64}
    except FormatError as error:
        assert error.where == "broken"


CONFIG = b"IKCFG_ST" + gzip.compress(b"CONFIG_MODULES=y\n") + b"IKCFG_ED"


def test_an_embedded_configuration() -> None:
    assert read(build_kernel([Export("f", crc=1)], config=CONFIG)).config == "CONFIG_MODULES=y\n"
    with pytest.raises(FormatError, match=r"k: .*gz data"):
        read(build_kernel([Export("f", crc=1)], config=CONFIG[:20] + CONFIG[30:]), "k")
