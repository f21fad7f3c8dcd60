from __future__ import annotations

from tests.support.linting import case, found, told


def test_the_administrators_files() -> None:
    text = "options dumy x=1\nsoftdep loop pre: fatt nosuch\nalias a lop\n"
    assert told("unknown_module", case(text, loads="xyz")) == [
        "1: there is no module or alias 'dumy' ^dumy x=1",
        "2: there is no module or alias 'fatt' ^fatt nosuch",
        "2: there is no module or alias 'nosuch' ^nosuch",
        "3: there is no module or alias 'lop' ^lop",
        "1: there is no module or alias 'xyz' ^xyz",
    ]
    flaws = found("unknown_module", case(text, loads="xyz"))
    assert [f.advice for f in flaws][:2] == ["did you mean 'dummy'?", "did you mean 'fat'?"]
    assert [f.level for f in flaws][-2:] == ["warning", "error"]


def test_packages_and_blacklists_are_for_many_kernels() -> None:
    assert (
        found(
            "unknown_module", case("blacklist arkfb\nforbid nosuch", package="options nosuch a=1\noptions domme a=1")
        )
        == []
    )
    assert told("unknown_module", case("blacklist dummyy", package="options snd-hda-intle index=1")) == [
        "1: there is no module or alias 'snd_hda_intle' ^snd-hda-intle index=1",
        "1: there is no module or alias 'dummyy' ^dummyy",
    ]


def test_of_the_command_line_only_slips() -> None:
    line = "quiet systemd.unit=x lop.max_loop=3 lop.other=1 modprobe.blacklist=dummyy"
    assert [f.advice for f in found("unknown_module", case(cmdline=line))] == [
        "did you mean 'loop'?",
        "did you mean 'dummy'?",
    ]
    told = [(f.advice, f.column) for f in found("unknown_module", case(cmdline="q module_blacklist=fat,vfta,nosuch"))]
    assert told == [("did you mean 'vfat'?", 24)]


def test_healthy() -> None:
    text = "options loop max_loop=1\noptions fs-vfat x=1\nalias my-* loop\noptions my-x a=1\ninstall new true\n"
    text += "options new a=1\noptions ext4 x=1\noptions x.ko a=1\noptions snd-* a=1\n"
    assert found("unknown_module", case(text)) == []


def test_the_command_line_loads_modules_too() -> None:
    line = "quiet loop.max_part=1 modules_load=loop,lop rd.modules_load=fat,xyzzy"
    assert told("unknown_module", case(cmdline=line)) == [
        "0: there is no module or alias 'lop' ^lop rd.modules_load=fat,xyzzy",
        "0: there is no module or alias 'xyzzy' ^xyzzy",
    ]
