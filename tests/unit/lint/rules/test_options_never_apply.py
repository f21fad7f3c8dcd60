from __future__ import annotations

from tests.support.linting import case, found, told


def test_each_reason() -> None:
    text = "install loop /bin/true\noptions loop a=1\nforbid fat\noptions fat a=1\noptions snd-* a=1\n"
    text += "install dummy insmod /x/dummy.ko\noptions dummy a=1\n"
    assert told("options_never_apply", case(text, tree=False)) == [
        "2: loop is never loaded with these options ^loop a=1",
        "4: fat is forbidden ^fat a=1",
        "5: 'snd_*' is taken as it is ^snd-* a=1",
        "7: dummy is never loaded with these options ^dummy a=1",
    ]


def test_an_alias_is_a_note() -> None:
    (flaw,) = found("options_never_apply", case("options fs-vfat a=1"))
    assert (flaw.level, flaw.because) == ("note", "fs_vfat is an alias of vfat")


def test_healthy() -> None:
    text = "install loop modprobe -i loop; echo\noptions loop a=1\ninstall fat insmod fat.ko $CMDLINE_OPTS\n"
    text += "options fat a=1\nalias my fat\noptions my a=1\n"
    assert found("options_never_apply", case(text, cmdline="loop.a=1")) == []
