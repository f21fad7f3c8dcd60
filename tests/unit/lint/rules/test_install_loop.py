from __future__ import annotations

from tests.support.linting import case, found, told


def test_install_and_remove() -> None:
    text = "install loop echo; /sbin/modprobe -q loop\nremove snd-x { modprobe -r snd_x; }\n"
    assert [f.advice for f in found("install_loop", case(text))] == [
        "modprobe --ignore-install loop",
        "modprobe -r --ignore-remove snd_x",
    ]
    assert told("install_loop", case("install a modprobe a $CMDLINE_OPTS"))[0].endswith("^modprobe a $CMDLINE_OPTS")


def test_healthy() -> None:
    text = "install loop modprobe --ignore-install loop $CMDLINE_OPTS; modprobe fat\n"
    text += "install fat modprobe -qi fat\nremove loop modprobe -ri loop && modprobe loop\n"
    assert found("install_loop", case(text)) == []
