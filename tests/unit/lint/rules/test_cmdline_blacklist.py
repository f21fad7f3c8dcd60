from __future__ import annotations

from tests.support.linting import case, found, told


def test_each() -> None:
    line = "quiet module_blacklist=a module_blacklist=snd-x blacklist=q"
    assert told("cmdline_blacklist", case(cmdline=line + "\n")) == [
        "0: only the last one counts: module_blacklist=snd-x ^module_blacklist=a module_blacklist=snd-x blacklist=q",
        "0: names with '-' match no module ^module_blacklist=snd-x blacklist=q",
        "0: nobody reads 'blacklist=' ^blacklist=q",
    ]
    advice = [f.advice for f in found("cmdline_blacklist", case(cmdline=line))]
    assert advice[:2] == ["module_blacklist=snd-x,a", "module_blacklist=snd_x"]


def test_names_of_modprobe_blacklist_as_kmod_compares_them() -> None:
    (flaw,) = found("cmdline_blacklist", case(cmdline="modprobe.blacklist=a,snd-y"))
    assert flaw.what == "kmod and udev match no module with '-'"
    assert flaw.advice == "modprobe.blacklist=a,snd_y"


def test_healthy() -> None:
    line = "module_blacklist=a,snd_x modprobe.blacklist=snd_y -- blacklist=q"
    assert found("cmdline_blacklist", case(cmdline=line)) == []
