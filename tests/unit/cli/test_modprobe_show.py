from __future__ import annotations

from pathlib import Path

import pytest

from lkm.cli.modprobe_show import config_dump
from lkm.index.lookup import ModuleIndex
from lkm.index.triewriter import value_block, write_trie
from tests.support.elfwriter import Export, build_module
from tests.support.modprobe import call, kmod_answers, our_words
from tests.support.planning import world


def test_settings_then_aliases_then_symbols() -> None:
    files = {
        "modules.alias.bin": write_trie({b"fs-vfat": value_block([(0, b"vfat")])}),
        "modules.symbols.bin": write_trie({b"symbol:x": value_block([(0, b"fat")])}),
    }
    text = config_dump(world("blacklist fat"), ModuleIndex("/m", files.get))
    middle = "\n# End of configuration files. Dumping indexes now:\n\n"
    assert text == f"blacklist fat\n{middle}alias fs-vfat vfat\nalias symbol:x fat\n"


def test_origin_shows_the_configuration_alone_with_places_and_hidden_files(tmp_path: Path) -> None:
    for place, text in (("a", "blacklist fat\n"), ("b", "blacklist vfat\n")):
        (tmp_path / place).mkdir()
        (tmp_path / place / "x.conf").write_text(text)
    a, b = (str(tmp_path / place) for place in "ab")
    answer, err = our_words(["-c", "--origin", "--no-cmdline", "-C", a, "-C", b, "-d", str(tmp_path), "-S", "1"])
    text = f"# {a}/x.conf:1\nblacklist fat\n# {b}/x.conf: hidden by {a}/x.conf\n"
    assert (answer, err) == ((0, text.encode()), "")


def test_origin_alone_is_refused() -> None:
    answer, err = our_words(["--origin", "fat"])
    assert (answer, err) == ((1, b""), "modprobe: ERROR: --origin is an option of -c (--show-config).\n")


def test_what_cannot_be_shown(tmp_path: Path) -> None:
    plain = tmp_path / "plain.ko"
    plain.write_text("no module")
    (status, out), err = our_words(["--show-exports", str(plain)])
    assert (status, out) == (1, b"")
    assert err.startswith(f"modprobe: FATAL: could not get symbols of {plain}: ")
    (status, out), err = our_words(["--show-modversions", str(tmp_path / "nosuch.ko")])
    assert (status, out) == (1, b"")
    assert err.startswith(f"modprobe: FATAL: Module {tmp_path}/nosuch.ko not found.\n")


@pytest.mark.parametrize("option", ["--show-modversions", "--show-exports"])
def test_a_module_that_has_none(option: str, tmp_path: Path) -> None:
    bare = tmp_path / "bare.ko"
    bare.write_bytes(build_module())
    (status, _), err = our_words([option, str(bare)])
    assert status == 1
    assert err.endswith("it has none\n")


def test_exports_come_in_the_order_of_the_sources(tmp_path: Path) -> None:
    offering = tmp_path / "offering.ko"
    exports = [Export("b", gpl=True, crc=1), Export("c", crc=2), Export("a", gpl=True, crc=3)]
    offering.write_bytes(build_module(exports=exports))
    answer, _ = our_words(["--show-exports", str(offering)])
    assert answer == (0, b"0x00000001\tb\n0x00000002\tc\n0x00000003\ta\n")


@pytest.mark.oracle
def test_versions_are_shown_without_a_leading_dot(tmp_path: Path) -> None:
    needing = tmp_path / "needing.ko"
    needing.write_bytes(build_module(bits=64, order=">", machine=21, versions={".f": 1, "g": 2, "..h": 0xFFFFFFFF}))
    answer, _ = our_words(["--show-modversions", str(needing)])
    assert answer == (0, b"0x00000001\tf\n0x00000002\tg\n0xffffffff\t.h\n")
    assert kmod_answers([call(["--dump-modversions", str(needing)])]) == [answer]
