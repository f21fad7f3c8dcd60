"""What a module is expected to register, from its aliases and what it can call."""

from __future__ import annotations

import pytest

from lkm.formats.source import BytesSource
from lkm.modfile import predict
from lkm.modfile.facts import read
from lkm.modfile.nouns import Need
from lkm.modfile.predict import Prediction
from tests.support.trees import uml_modules


@pytest.mark.parametrize(
    ("alias", "need", "expected"),
    [
        ("fs-proc", "register_filesystem", Prediction("filesystem", "proc", 1)),
        ("char-major-10-200", "misc_register", Prediction("misc", "m", 200)),
        ("char-major-108-*", "__register_chrdev", Prediction("char", "m", 108)),
        ("block-major-7-*", "__register_blkdev", Prediction("block", "m", 7)),
        ("net-pf-5", "sock_register", Prediction("family", "m", 5)),
        ("crypto-sha1", "crypto_register_shash", Prediction("crypto", "sha1")),
        ("rtnl-link-dummy", "rtnl_link_register", Prediction("rtnl-link", "dummy")),
        ("netdev-gre0", "register_netdevice", Prediction("netdev", "gre0")),
    ],
)
def test_an_alias_counts_with_the_call_for_it(alias: str, need: str, expected: Prediction) -> None:
    assert predict.predict([("alias", alias)], [Need(need)], "m") == (expected,)
    assert predict.predict([("alias", alias)], [Need("printk")], "m") == ()
    assert predict.predict([("description", alias)], [Need(need)], "m") == ()


@pytest.mark.parametrize(
    "alias", ["net-pf-2-proto-132", "char-major-x-1", "char-major-10-*", "block-major-*", "pci:*"]
)
def test_other_aliases_are_no_predictions(alias: str) -> None:
    assert predict.predict([("alias", alias)], None, "m") == ()


def test_real_modules() -> None:
    root, _ = uml_modules()
    expected = {
        "msdos": (Prediction("filesystem", "msdos", 0),),
        "overlay": (Prediction("filesystem", "overlay", 1),),
        "tun": (Prediction("misc", "tun", 200),),
        "loop": (Prediction("misc", "loop", 237), Prediction("block", "loop", 7)),
        "fat": (),
    }
    for name, want in expected.items():
        (path,) = root.rglob(f"{name}.ko")
        found = predict.of(read(BytesSource(path.read_bytes(), name))[0])
        assert tuple(p for p in found if p.kind not in ("rtnl-link",)) == want


def test_parameters_with_a_file_in_sysfs() -> None:
    root, _ = uml_modules()
    (path,) = root.rglob("loop.ko")
    found = predict.sysfs_parameters(BytesSource(path.read_bytes(), "loop"))
    assert found == (
        Prediction("parameter", "hw_queue_depth", 0o444),
        Prediction("parameter", "max_loop", 0o444),
        Prediction("parameter", "max_part", 0o444),
    )
    (path,) = root.rglob("fat.ko")
    assert predict.sysfs_parameters(BytesSource(path.read_bytes(), "fat")) == ()
