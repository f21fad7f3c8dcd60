"""Whose change it is, and what a module is good for."""

from __future__ import annotations

from collections.abc import Sequence

from lkm.diagnose.effects import VERDICTS, Effects, effects
from lkm.modfile.nouns import Export, ModuleFacts, Need
from lkm.names import ModuleName
from lkm.state.devices import Device
from lkm.state.nouns import KernelState, LoadedModule, LogRecord
from lkm.state.snapshot import Snapshot, Thing, snapshot

NIC = Device("pci", "0000:00:03.0", "pci:v00008086d0000100E")
DISK = Device("pci", "0000:00:05.0", "pci:v00001AF4d00001001", "virtio-pci", "virtio_pci")
KEYS = Device("serio", "serio0", "serio:ty06")


def module(name: str, *holders: str, size: int = 100, state: str = "Live") -> LoadedModule:
    return LoadedModule(ModuleName(name), size, 0, tuple(map(ModuleName, holders)), state)


def facts(name: str, *aliases: str, needs: Sequence[str] = (), exports: Sequence[str] = ()) -> ModuleFacts:
    return ModuleFacts(
        name, 1, 64, "little", 62, 1, tuple([("alias", alias) for alias in aliases]), (), tuple(map(Export, exports)),
        tuple(map(Need, needs)),
    )  # fmt: skip


def shown(*modules: LoadedModule, things: Sequence[Thing] = ()) -> Snapshot:
    return snapshot(things, KernelState(modules))


def found(
    before: Snapshot,
    after: Snapshot,
    *files: ModuleFacts,
    devices: Sequence[Device] = (),
    seen: dict[tuple[str, str], str] | None = None,
) -> Effects:
    known = {file.name: file for file in files}
    return effects(before, after, known.get, lambda: devices, (), seen)


def one(after: Snapshot, *files: ModuleFacts, devices: Sequence[Device] = ()) -> str:
    (only,) = found(shown(), after, *files, devices=devices).modules
    assert only.verdict.code in VERDICTS
    return only.verdict.code


def test_nothing() -> None:
    assert found(shown(), shown()) == Effects()
    kept = shown(module("a"), things=[Thing("class", "x")])
    assert found(kept, kept) == Effects()


def test_the_only_module_has_what_came_with_it() -> None:
    things = [Thing("block", "7 loop"), Thing("parameter", "loop.max_part", "0", "loop"), Thing("taint", "O")]
    result = found(shown(), shown(module("loop"), things=things))
    assert [change.name for change in result.modules[0].changes] == ["7 loop", "loop.max_part", "O"]
    assert (result.others, result.size) == ((), 100)


def test_of_several_modules_owner_then_step_then_file_then_name_tell() -> None:
    things = [
        *(Thing("filesystem", "msdos"), Thing("crypto", "md4-generic", "md4 (shash)", "md4")),
        *(Thing("node", "/dev/fat0", "char 9:1"), Thing("misc", "200 net/tun"), Thing("class", "else")),
        *(Thing("class", "seen"), Thing("protocol", "DDP", "", "appletalk")),
    ]
    after = shown(module("md4"), module("msdos"), module("fat", "msdos"), things=things)
    files = (
        facts("msdos", "fs-msdos", needs=["register_filesystem"]),
        facts("md4", "char-major-10-200", needs=["misc_register"]),
        facts("fat", exports=["fat_scan"]),
    )
    result = found(shown(), after, *files, seen={("class", "seen"): "fat"})
    by = {m.module.name: [change.name for change in m.changes] for m in result.modules}
    assert by == {
        "fat": ["/dev/fat0", "seen"],
        "msdos": ["msdos"],
        "md4": ["md4-generic", "200 net/tun"],
    }
    assert [change.name for change in result.others] == ["DDP", "else"]
    assert [m.module.name for m in result.modules] == ["fat", "msdos", "md4"]  # the oldest first
    assert result.modules[0].users == ("msdos",) and result.modules[0].exports == 1


def test_a_device_that_is_bound() -> None:
    driver = Thing("driver", "pci/e1000", "", "e1000")
    before = shown(things=[Thing("device", "pci/0000:00:03.0")])
    after = shown(module("e1000"), things=[driver, Thing("device", "pci/0000:00:03.0", "e1000", "e1000")])
    now = NIC._replace(driver="e1000", module="e1000")
    (only,) = found(before, after, devices=[now, DISK]).modules
    assert (only.verdict.code, only.verdict.devices) == ("drives", (now,))


def test_why_it_drives_nothing() -> None:
    after = shown(module("e1000"), things=[Thing("driver", "pci/e1000", "", "e1000")])
    file = facts("e1000", "pci:v00008086d0000100E*")
    assert one(after, file, devices=[NIC]) == "not-bound"
    assert one(after, file, devices=[NIC._replace(driver="other")]) == "other-driver"
    assert one(after, file, devices=[DISK, KEYS]) == one(after, file) == "no-device"
    (only,) = found(shown(), after, file, devices=[DISK, KEYS]).modules
    assert (only.verdict.ids, only.verdict.others) == (("pci:v00008086d0000100E*",), (DISK,))
    assert one(after) == "no-device"  # by the driver alone
    assert one(shown(module("e1000")), file) == "no-device"  # by the ids alone


def test_a_driver_that_does_not_say_whose_it_is() -> None:
    things = [Thing("driver", "pseudo/scsi_debug"), Thing("device", "pseudo/adapter0", "scsi_debug")]
    assert one(shown(module("scsi_debug"), things=[*things, Thing("bus", "pseudo")])) == "drives"
    foreign = Thing("device", "pseudo/adapter1", "other")
    assert one(shown(module("scsi_debug"), things=[things[0], foreign])) == "no-device"


def test_of_several_modules_a_device_goes_with_its_driver_and_a_bus_is_a_library() -> None:
    things = [Thing("driver", "pseudo/scsi_debug"), Thing("device", "pseudo/adapter0", "scsi_debug")]
    things += [Thing("raid", "raid5"), Thing("driver", "usb/hub", "", "usbcore")]
    files = (facts("scsi_debug"), facts("usbcore", exports=["x"]), facts("raid456", "md-raid5"))
    result = found(shown(), shown(*[module(file.name) for file in files], things=things), *files)
    by = {one.module.name: one.verdict.code for one in result.modules}
    assert by == {"scsi_debug": "drives", "usbcore": "library", "raid456": "serves"} and result.others == ()


def test_a_driver_that_another_module_registers_for_it() -> None:
    things = [Thing("driver", "usb/ftdi_sio", "", "usbserial"), Thing("class", "x", "", "usbserial")]
    (only,) = (result := found(shown(), shown(module("ftdi_sio"), things=things))).modules
    assert [change.name for change in only.changes] == ["usb/ftdi_sio"]
    assert [change.name for change in result.others] == ["x"]


def test_of_several_modules_aliases_and_names_in_capitals_tell() -> None:
    things = [Thing("genl", "l2tp"), Thing("genl", "TIPCv2"), Thing("xt-target", "ip6 LOG"), Thing("genl", "SEG6")]
    files = (facts("l2tp_netlink", "net-pf-16-proto-16-family-l2tp"), facts("nf_log", "ip6t_LOG"), facts("tipc"))
    result = found(shown(), shown(*[module(file.name) for file in files], things=things), *files)
    by = {one.module.name: [change.name for change in one.changes] for one in result.modules}
    assert by == {"l2tp_netlink": ["l2tp"], "nf_log": ["ip6 LOG"], "tipc": ["TIPCv2"]}
    assert [change.name for change in result.others] == ["SEG6"]


def test_what_binds_no_driver() -> None:
    cpu = Device("cpu", "cpu0", "cpu:type:x86,feature:,0099")
    file = facts("kvm", "cpu:type:x86,*0099*")
    assert one(shown(module("kvm")), file, devices=[cpu]) == "fits"
    assert one(shown(module("kvm")), file, devices=[cpu._replace(modalias="cpu:type:x86,")]) == "no-device"


def test_what_it_is_asked_for_tells_what_it_is_for() -> None:
    after = shown(module("veth"))
    (only,) = found(shown(), after, facts("veth", "rtnl-link-veth", "veth", exports=["x"])).modules
    assert (only.verdict.code, only.verdict.asked) == ("asked", ("`ip link add type veth` is called",))
    assert one(shown(module("sch_fq")), facts("sch_fq")) == "asked"


def test_other_verdicts() -> None:
    assert one(shown(module("fat")), facts("fat", exports=["x"])) == "library"
    assert one(shown(module("fat", "msdos"))) == "library"
    assert one(shown(module("odd"))) == "unseen"
    assert one(shown(module("odd", state="Loading"))) == "half"
    assert one(shown(module("tun"), things=[Thing("misc", "200 tun")])) == "serves"


def test_removal() -> None:
    before = shown(
        module("b"), module("a", "b", size=7), things=[Thing("class", "b"), Thing("protocol", "A", "", "a")]
    )
    after = shown(things=[Thing("protocol", "A", "", "a")])
    result = found(before, after)
    assert [(m.module.name, m.action, m.verdict.code) for m in result.modules] == [
        ("b", "removed", "gone"),
        ("a", "removed", "left"),
    ]
    assert result.size == -107 and result.modules[0].changes[0].sign == "-"


def test_a_failed_load_can_leave_something() -> None:
    log = (LogRecord(3, 1, 0, "x: no"),)
    result = effects(shown(), shown(things=[Thing("taint", "O")]), lambda _: None, tuple, log)
    assert (result.modules, [change.name for change in result.others], result.log) == ((), ["O"], log)
