from __future__ import annotations

import json
from pathlib import Path

from lkm.diagnose.effects import VERDICTS, Effects, ModuleEffects, Verdict
from lkm.names import ModuleName
from lkm.report.effects import TAINTS, change_line, effects_object, effects_text, verdict_text
from lkm.state.devices import Device
from lkm.state.nouns import LoadedModule, LogRecord
from lkm.state.procfiles import TAINT_LETTERS
from lkm.state.snapshot import KINDS, Change, Thing
from tests.support.schema import PATH

NIC = Device("pci", "0000:00:03.0", "pci:v00008086d0000100E", "e1000", "e1000")
DISK = Device("pci", "0000:00:05.0")
OUT = ModuleEffects(LoadedModule(ModuleName("loop"), 9, 0), "removed", Verdict("gone"))


def loaded(code: str, *things: Thing, **more: object) -> ModuleEffects:
    verdict = Verdict(code, **more)  # type: ignore[arg-type]
    changes = tuple([Change(None, thing) for thing in things])
    return ModuleEffects(LoadedModule(ModuleName("m"), 1, 0), "loaded", verdict, changes)


def test_verdicts_in_words() -> None:
    nodes = [Thing("node", f"/dev/loop{n}") for n in range(6)]
    said = verdict_text(loaded("serves", Thing("block", "7 loop"), *nodes, Thing("object", "bdi/7:0")))
    assert said == "serves block major 7 loop, device nodes /dev/loop0, /dev/loop1, /dev/loop2, /dev/loop3 and 2 more"
    assert verdict_text(loaded("serves", Thing("object", "bdi/7:0"))) == "serves class device bdi/7:0"
    assert verdict_text(loaded("serves", Thing("crypto", "md4-generic", "md4 (shash)"))) == "serves algorithm md4"
    bound = Thing("device", "pci/3.0", "e1000", "m")
    assert (
        verdict_text(loaded("drives", bound, Thing("netdev", "eth0")))
        == "drives pci/3.0; serves network interface eth0"
    )
    assert verdict_text(loaded("drives", bound, Thing("device", "pci/4.0"))) == "drives pci/3.0"
    nothing = "drives nothing: no device with an id that it knows"
    assert verdict_text(loaded("no-device", ids=("a:1", "a:2"))) == (
        f"{nothing} (a:1, a:2); this machine has no device of that kind"
    )
    assert verdict_text(loaded("no-device", others=(NIC, DISK))) == (
        f"{nothing}; this machine has pci 8086:100e, pci/0000:00:05.0"
    )
    alike = ("pci:v00008086d00001237sv*sd*bc*sc*i*", "pci:v00008086d00001237sv00001AF4sd*bc*sc*i*")
    assert verdict_text(loaded("no-device", ids=alike)).startswith(f"{nothing} (pci 8086:1237); ")
    cpu = Device("cpu", "cpu0", "cpu:type:x86")
    assert verdict_text(loaded("fits", devices=(cpu,))) == (
        "knows cpu/cpu0 of this machine, and nothing more of it is to be seen"
    )
    assert verdict_text(loaded("asked", asked=("`x` is called", "b is opened", "c"))) == (
        "nothing of it is to be seen; the kernel asks for it when `x` is called, b is opened and 1 more"
    )
    parts = [Thing("xt-match", f"{name} conntrack") for name in ("ip", "ip6")]
    assert verdict_text(loaded("serves", *parts, Thing("genl", "a"), Thing("genl", "b"))) == (
        "serves iptables matches ip conntrack, ip6 conntrack, Netlink families a, b"
    )
    twice = [Thing("crypto", f"sha256-{kind}", "sha256 (shash)") for kind in ("ni", "avx")]
    assert verdict_text(loaded("serves", *twice)) == "serves algorithm sha256"
    assert verdict_text(loaded("other-driver", devices=(NIC,))).endswith("knows, but driver e1000 has it")
    assert "messages may say why" in verdict_text(loaded("not-bound", devices=(DISK,)))
    library = loaded("library")._replace(exports=1, users=("a", "b"))
    assert verdict_text(library) == "a library of 1 symbol for other modules, used by a b"
    assert verdict_text(OUT) == "out"
    gone = OUT._replace(changes=tuple([Change(node, None) for node in nodes[:2]]))
    assert verdict_text(gone) == "out, and with it device nodes /dev/loop0, /dev/loop1"


def test_the_whole_and_in_brief() -> None:
    log = (LogRecord(6, 1, 0, "m: hello"), LogRecord(4, 2, 0, "m: \x1bwarned"))
    other = Change(Thing("device", "pci/0", "x"), Thing("device", "pci/0"))
    effects = Effects((loaded("serves", Thing("ldisc", "slip", "1")), loaded("library")), (other,), log, 2)
    assert effects_text(effects).splitlines() == [
        "loaded m (1 bytes): serves line discipline slip",
        "  + line discipline    slip (1)",
        "loaded m (1 bytes): a library for other modules",
        "changed, and it is not known by which of these:",
        "  ~ device             pci/0: driver x -> none",
        "the kernel said:",
        "  m: hello",
        "  m: \\x1bwarned",
        "loaded modules take 2 bytes more than before",
    ]
    assert effects_text(effects, brief=True).splitlines() == [
        "  m: serves line discipline slip",
        "  also changed:",
        "    ~ device             pci/0: driver x -> none",
        "  kernel: m: \\x1bwarned",
    ]
    assert effects_text(Effects(log=log[:1])).splitlines()[::2] == [
        "nothing changed: no module came or went, and all that is looked at is as it was",
        "  m: hello",
    ]
    tainting = Effects((loaded("library", Thing("taint", "O")),))
    assert effects_text(tainting, brief=True) == "  m: taints the kernel with O (an out-of-tree module was loaded)\n"
    helper = loaded("asked", asked=("x is made",))
    assert effects_text(Effects((helper,)), brief=True).startswith("  m: nothing of it")
    assert effects_text(Effects((helper._replace(users=("a",)),)), brief=True) == ""
    assert effects_text(Effects()).startswith("nothing changed")
    assert effects_text(Effects(), brief=True) == ""
    assert effects_text(Effects(modules=(OUT,), size=-9)).endswith("take 9 bytes less than before\n")


def test_driven_devices_are_described() -> None:
    told = effects_text(Effects((loaded("drives", Thing("device", "pci/0", "e1000", "m"), devices=(NIC,)),)))
    assert "    pci/0000:00:03.0: pci:v00008086d0000100E, driver e1000\n" in told


def test_every_kind_has_words_and_every_taint_a_meaning() -> None:
    schema = json.loads(PATH.read_text())["$defs"]
    assert schema["change"]["properties"]["kind"]["enum"] == list(KINDS)
    module = schema["effects"]["properties"]["modules"]["items"]["properties"]
    assert set(module["verdict"]["properties"]["code"]["enum"]) == set(VERDICTS)
    for kind in KINDS:
        assert KINDS[kind] in change_line(Change(None, Thing(kind, "1 x")))
    gone = change_line(Change(Thing("taint", "O"), None))
    assert gone == "- taint              O (an out-of-tree module was loaded)"
    assert set(TAINTS) == set(TAINT_LETTERS)


def test_the_page_tells_of_every_verdict() -> None:
    page = (Path(__file__).parents[3] / "docs/effects.md").read_text()
    assert [code for code in VERDICTS if f"`{code}`" not in page] == []


def test_the_object() -> None:
    change = Change(Thing("device", "pci/0"), Thing("device", "pci/0", "e1000", "e1000"))
    made = effects_object(Effects((loaded("drives", devices=(NIC,)),), (change,)))
    assert made["others"] == [
        {
            "change": "changed",
            "kind": "device",
            "name": "pci/0",
            "owner": "e1000",
            "before": "",
            "after": "e1000",
        }
    ]
