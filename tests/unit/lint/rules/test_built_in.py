from __future__ import annotations

from tests.support.linting import case, found, told


def test_each_directive() -> None:
    text = "options ext4 debug-level=1 a=2\ninstall ext4 true\nblacklist ext4\n"
    flaws = found("built_in", case(text, loads="ext4"))
    assert [(f.level, f.what) for f in flaws] == [
        ("warning", "ext4 is built in: its options are never given"),
        ("warning", "ext4 is built in: its command is never run"),
        ("note", "ext4 is built in: it cannot be kept out"),
        ("note", "ext4 is built in: there is nothing to load"),
    ]
    assert flaws[0].advice == "on the kernel's command line: ext4.debug-level=1 ext4.a=2"


def test_on_the_command_line_there_is_no_line_to_remove() -> None:
    line = "quiet modules_load=loop,ext4 modprobe.blacklist=ext4 module_blacklist=ext4"
    flaws = found("built_in", case(cmdline=line))
    assert [flaw.advice.split(";")[0] for flaw in flaws] == [
        "take it out of modprobe.blacklist= on the kernel's command line",
        "take it out of module_blacklist= on the kernel's command line",
        "take it out of modules_load= on the kernel's command line, if no other kernel needs it",
    ]
    assert {flaw.level for flaw in flaws} == {"note"}


def test_by_the_images_parameters() -> None:
    one = case("options printk time=1")
    assert found("built_in", one) == []
    assert told("built_in", one._replace(built_in={"printk.time": "bool"})) == [
        "1: printk is built in: its options are never given ^printk time=1"
    ]


def test_healthy() -> None:
    assert found("built_in", case("options loop a=1\nsoftdep ext4 pre: loop", package="blacklist ext4")) == []
    assert found("built_in", case(cmdline="ext4.debug_level=1")) == []
