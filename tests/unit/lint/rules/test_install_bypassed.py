from __future__ import annotations

from tests.support.linting import case, found, told


def test_softdeps_and_aliases() -> None:
    text = "install loop modprobe -i loop\nsoftdep loop pre: fat\ninstall fs-vfat echo\n"
    assert told("install_bypassed", case(text)) == [
        "1: kmod's modprobe forgets this command, as loop has a softdep (x.conf:2) ^loop modprobe -i loop",
        "3: 'modprobe vfat' passes this by: fs_vfat is an alias of it ^fs-vfat echo",
    ]
    assert found("install_bypassed", case(text))[0].advice.startswith("load the others in the command")
    (flaw,) = found("install_bypassed", case("install loop /bin/false\nsoftdep loop pre: fat\n"))
    assert flaw.advice.startswith("forbid, or module_blacklist=")
    assert [f.level for f in found("install_bypassed", case(text))] == ["warning", "note"]


def test_healthy() -> None:
    assert found("install_bypassed", case("install loop true\nsoftdep fat pre: loop\nremove fs-vfat x")) == []
