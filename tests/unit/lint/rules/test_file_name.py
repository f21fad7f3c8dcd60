from __future__ import annotations

from tests.support.linting import case, found, mended, told


def test_endings_and_paths() -> None:
    text = "options loop.ko max_loop=1\nblacklist /lib/x/snd-hda-intel.ko.xz # why\nalias a fat.ko\n"
    assert told("file_name", case(text)) == [
        "1: 'loop.ko' is the name of a file ^loop.ko max_loop=1",
        "2: '/lib/x/snd-hda-intel.ko.xz' is the name of a file ^/lib/x/snd-hda-intel.ko.xz # why",
        "3: 'fat.ko' is the name of a file ^fat.ko",
    ]
    assert mended("file_name", text) == "options loop max_loop=1\nblacklist snd-hda-intel # why\nalias a fat\n"


def test_a_line_in_several_is_left_alone() -> None:
    (flaw,) = found("file_name", case("options loop.ko \\\n max_loop=1\n"))
    assert flaw.edit is None


def test_healthy() -> None:
    assert found("file_name", case("options loop max_loop=1", loads="loop")) == []
