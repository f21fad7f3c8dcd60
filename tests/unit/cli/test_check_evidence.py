"""`lkm check` with other evidence than an image, or more: Module.symvers, System.map, keys; and trees with gaps."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from lkm.cli.check import main
from lkm.cli.depmod import main as depmod
from lkm.image.facts import read
from lkm.image.nouns import KernelFacts
from tests.support import schema
from tests.support.signing import Signer
from tests.support.trees import uml_modules

UML = "/usr/bin/linux.uml"
Check = Callable[..., tuple[int, list[dict[str, Any]]]]


@functools.cache
def uml() -> KernelFacts:
    return read(Path(UML).read_bytes(), UML)


@pytest.fixture
def check(capfd: pytest.CaptureFixture[str]) -> Check:
    def call(*words: str) -> tuple[int, list[dict[str, Any]]]:
        status = main(["check", "--json", *words])
        return status, schema.check(capfd.readouterr().out).get("modules", [])

    return call


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a root with a few of User-Mode Linux's modules, indexed."""
    source, release = uml_modules()
    directory = tmp_path / "root/lib/modules" / release
    directory.mkdir(parents=True)
    for name in ("fat", "msdos", "dummy", "loop"):
        (path,) = (source / "lib/modules" / release).rglob(f"{name}.ko")
        (directory / f"{name}.ko").write_bytes(path.read_bytes())
    index(tmp_path / "root")
    return tmp_path / "root"


def index(root: Path) -> None:
    assert depmod(["depmod", "-b", str(root), uml().release]) == 0


def verdicts(modules: list[dict[str, Any]]) -> list[str]:
    return [module["verdict"] for module in modules]


def whats(module: dict[str, Any]) -> list[str]:
    return [finding["what"] for finding in module["findings"]]


def test_without_an_image_it_cannot_be_told(check: Check, root: Path) -> None:
    status, modules = check("-d", str(root), "-S", uml().release, "msdos", "dummy")
    assert (status, verdicts(modules)) == (2, ["unknown", "unknown"])
    assert whats(modules[0]) == ["it is not known whether the kernel exports the symbols that it needs"]
    assert {f["certainty"] for f in modules[0]["findings"]} == {"unknown"}
    assert modules[0]["errno"] is None


def test_without_an_image_what_is_surely_wrong_is_refused(check: Check, root: Path, tmp_path: Path) -> None:
    sick = tmp_path / "fat.ko"
    data = (root / "lib/modules" / uml().release / "fat.ko").read_bytes()
    sick.write_bytes(
        data.replace(f"vermagic={uml().release}".encode(), b"vermagic=9.9.999"[: 9 + len(uml().release)])
    )
    where = ["-d", str(root), "-S", uml().release]
    status, (module,) = check(*where, str(sick))
    assert (status, module["errno"], module["findings"][0]["code"]) == (1, "ENOEXEC", "other-kernel")
    status, (module,) = check(*where, "dummy", "numdummies=x")
    assert (status, module["errno"]) == (1, "EINVAL")


def symvers(path: Path, without: str = "") -> str:
    rows = [
        f"0x00000000\t{e.name}\tvmlinux\tEXPORT_SYMBOL{'_GPL' * e.gpl_only}\t{e.namespace}\n"
        for e in uml().exports
        if e.name != without
    ]
    path.write_text("".join(rows))
    return str(path)


def test_module_symvers_tells_enough(check: Check, root: Path, tmp_path: Path) -> None:
    where = ["-d", str(root), "-S", uml().release, "--symvers"]
    status, modules = check(*where, symvers(tmp_path / "Module.symvers"), "--all")
    assert (status, verdicts(modules)) == (0, ["loads"] * 4)
    lacking = symvers(tmp_path / "Module.symvers", without="register_netdevice")
    status, modules = check(*where, lacking, "dummy", "msdos")
    assert (status, verdicts(modules)) == (1, ["refused", "loads"])
    assert modules[0]["findings"][0]["code"] == "missing-symbol"
    assert str(tmp_path / "Module.symvers") in json.dumps(modules[0]["findings"][0])


def test_the_symvers_of_a_module_is_not_the_kernels(check: Check, root: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("0x00000000\tof_mine\tmine\tEXPORT_SYMBOL\t\n")
    status, (module,) = check("-d", str(root), "-S", uml().release, "--symvers", str(tmp_path / "mine"), "dummy")
    assert (status, module["verdict"]) == (2, "unknown")


def test_the_configuration_beside_tells_whether_signatures_count(check: Check, root: Path, tmp_path: Path) -> None:
    (root / "boot").mkdir()
    words = ["-d", str(root), "-S", uml().release, "--symvers", symvers(tmp_path / "s"), "dummy"]
    config = root / f"boot/config-{uml().release}"
    config.write_text("CONFIG_MODULE_SIG=y\nCONFIG_MODULE_SIG_FORCE=y\n")
    status, (module,) = check(*words)
    assert (status, module["errno"], module["findings"][0]["code"]) == (1, "EKEYREJECTED", "unsigned")
    config.write_text("CONFIG_MODULE_SIG=y\n")
    assert check(*words)[0] == 0


def test_module_symvers_is_found_in_the_build_directory(check: Check, root: Path) -> None:
    build = root / "lib/modules" / uml().release / "build"
    build.mkdir()
    symvers(build / "Module.symvers")
    assert check("-d", str(root), "-S", uml().release, "--all")[0] == 0


def system_map(path: Path) -> str:
    rows = []
    for gpl in (False, True):
        start = 0x2000 if gpl else 0x1000
        rows += [f"{start:x} R __start___ksymtab{'_gpl' * gpl}\n"]
        rows += [f"{start:x} r __ksymtab_{e.name}\n" for e in uml().exports if e.gpl_only == gpl]
        rows += [f"{start + 0x100:x} R __stop___ksymtab{'_gpl' * gpl}\n"]
    path.write_text("".join(rows))
    return str(path)


def test_system_map_tells_the_exports_but_no_namespaces(check: Check, root: Path, tmp_path: Path) -> None:
    where = ["-d", str(root), "-S", uml().release, "--system-map", system_map(tmp_path / "map")]
    status, modules = check(*where, "msdos")
    assert status == 2
    assert whats(modules[0]) == [
        "it is not known whether it imports the namespaces of the symbols that it needs",
    ]
    (tmp_path / "x.ko").write_bytes(
        (root / "lib/modules" / uml().release / "dummy.ko").read_bytes().replace(b"license=GPL\0", b"license=GPX\0")
    )
    status, modules = check(*where, str(tmp_path / "x.ko"))
    assert (status, modules[0]["findings"][0]["code"]) == (1, "gpl-only")


def test_the_map_of_debian_that_is_none(root: Path, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    stub = "ffffffffffffffff B The real System.map is in the linux-image-<version>-dbg package\n"
    (tmp_path / "map").write_text(stub)
    assert main(["check", "-d", str(root), "-S", uml().release, "--system-map", str(tmp_path / "map"), "fat"]) == 2
    assert "no exported symbol is in it" in capfd.readouterr().err
    (root / "boot").mkdir()
    (root / f"boot/System.map-{uml().release}").write_text(stub)  # that nobody has named is passed over
    assert main(["check", "-d", str(root), "-S", uml().release, "fat"]) == 2
    assert "fat: cannot be told" in capfd.readouterr().out


def test_no_tree_with_what_it_needs(check: Check, root: Path, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    path = str(root / "lib/modules" / uml().release / "msdos.ko")
    status, (module,) = check("--image", UML, "-d", str(tmp_path / "none"), path)
    assert (status, module["verdict"]) == (2, "unknown")
    assert whats(module) == ["it is not known what modules that it needs export: they are nowhere"]


def test_a_file_that_cannot_be_read(check: Check, root: Path) -> None:
    fat = root / "lib/modules" / uml().release / "fat.ko"
    fat.unlink()
    fat.mkdir()
    status, modules = check("--image", UML, "-d", str(root), "--all")
    found = {module["name"]: module for module in modules}
    assert status == 2
    assert [found[name]["verdict"] for name in ("fat", "msdos", "dummy")] == ["unknown", "unknown", "loads"]
    assert found["fat"]["findings"][0]["evidence"][0]["text"] == "Is a directory"
    fat.rmdir()
    status, modules = check("--image", UML, "-d", str(root), "--all")
    found = {module["name"]: module for module in modules}
    assert (status, found["fat"]["errno"], found["fat"]["findings"][0]["code"]) == (1, "ENOENT", "bad-index")
    assert found["msdos"]["findings"][0]["code"] == "refused-need"


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_a_key_that_is_given(check: Check, root: Path, tmp_path: Path, kind: str) -> None:
    owner, stranger = Signer("Owner", kind), Signer("Stranger", kind)
    data = (root / "lib/modules" / uml().release / "fat.ko").read_bytes()
    (tmp_path / "fat.ko").write_bytes(owner.sign(data))
    (tmp_path / "other").mkdir()
    (tmp_path / "other/fat.ko").write_bytes(owner.sign(data).replace(b"license=GPL\0", b"license=gpl\0"))
    (tmp_path / "der").write_bytes(owner.certificate)
    pem = b"".join(
        [x509.load_der_x509_certificate(s.certificate).public_bytes(Encoding.PEM) for s in (stranger, owner)]
    )
    (tmp_path / "pem").write_bytes(pem)
    (tmp_path / "stranger").write_bytes(stranger.certificate)
    where = ["--image", UML, "-d", str(root), "--policy", "sig_enforce"]
    signed, changed = str(tmp_path / "fat.ko"), str(tmp_path / "other/fat.ko")
    for keys in (["der"], ["pem"], ["stranger", "der"]):
        words = [word for key in keys for word in ("--key", str(tmp_path / key))]
        status, modules = check(*where, *words, signed, changed)
        assert (status, verdicts(modules)) == (1, ["loads", "refused"])
        assert (modules[1]["errno"], modules[1]["findings"][0]["code"]) == ("EKEYREJECTED", "bad-signature")
    status, (module,) = check(*where, "--key", str(tmp_path / "stranger"), signed)
    assert (status, module["errno"], module["findings"][0]["code"]) == (1, "EKEYREJECTED", "unknown-key")
    status, (module,) = check(*where, "loop")
    assert (status, module["findings"][0]["code"]) == (1, "unsigned")


def test_a_signature_that_nobody_can_judge(check: Check, root: Path, tmp_path: Path) -> None:
    owner = Signer("Owner")
    (tmp_path / "dummy.ko").write_bytes(owner.sign((root / "lib/modules" / uml().release / "dummy.ko").read_bytes()))
    (tmp_path / "key").write_bytes(owner.certificate)
    words = ["-d", str(root), "-S", uml().release, "--symvers", symvers(tmp_path / "s"), str(tmp_path / "dummy.ko")]
    for policy in ([], ["--policy", "sig_enforce"], ["--cmdline", "lockdown=integrity"]):
        status, (module,) = check(*policy, *words)
        assert (status, whats(module)) == (2, ["it is not known whether the kernel trusts the key that signed it"])
        status, (module,) = check(*policy, "--key", str(tmp_path / "key"), *words)
        assert (status, module["verdict"]) == (0, "loads")
    status, (module,) = check("--policy", "modules_disabled", *words)
    assert (status, module["errno"]) == (1, "EPERM")  # whoever has signed it


def test_a_key_that_is_none(root: Path, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for text in (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", b"x", b""):
        (tmp_path / "key").write_bytes(text)
        assert main(["check", "--image", UML, "-d", str(root), "--key", str(tmp_path / "key"), "fat"]) == 2
        err = capfd.readouterr().err
        assert "no certificate" in err and "a private key alone does not do" in err
