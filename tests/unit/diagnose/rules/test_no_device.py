from __future__ import annotations

from lkm.diagnose.engine import diagnose
from lkm.diagnose.evidence import Evidence
from lkm.diagnose.finding import Finding
from lkm.state.devices import Device
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, FakeTree, case

ALIASES = (("alias", "pci:v00008086d00001234sv*sd*bc*sc*i*"), ("alias", "pci:v00008086d00001235sv*sd*bc*sc*i*"))
DRIVER = build_module("mod", modinfo=(*HEALTHY, *ALIASES), needs=["_printk"])
OTHER = "pci:v00001234d00001111sv00001AF4sd00001100bc03sc00i00"
NEAR = "pci:v00008086d000010D3sv00008086sd00000000bc02sc00i00"
MINE = "pci:v00008086d00001234sv00008086sd00000000bc02sc00i00"


def told(*devices: Device, module: bytes = DRIVER) -> Finding:
    evidence: Evidence = case(module, errno="ENODEV")._replace(devices=devices)
    (finding,) = diagnose(evidence)
    return finding


def test_the_devices_are_not_known() -> None:
    (finding,) = diagnose(case(DRIVER, errno="ENODEV"))
    assert (finding.code, finding.certainty) == ("no-device", "likely")
    assert finding.facts[1].text == f"it knows 2 ids of devices: {ALIASES[0][1]}, {ALIASES[1][1]}"
    assert finding.facts[2].origin == "evidence that is missing"
    assert finding.remedies[0].command == "lkm modinfo -F alias mod.ko"


def test_what_the_machine_has() -> None:
    usb = Device("pci", "d", "usb:v1D6Bp0002d0601", path="/sys/devices/usb1")
    assert told(usb).what.endswith("can drive: this machine has none on pci")
    other = Device("pci", "a", OTHER, path="/sys/devices/a")
    near = Device("pci", "b", NEAR, "e1000e", path="/sys/devices/b")
    finding = told(usb, other)
    assert finding.what.endswith("the one on pci has no id that it knows")
    assert finding.facts[2].origin == "/sys/devices/a"
    finding = told(other, near)
    assert finding.what.endswith("none of the 2 on pci has an id that it knows")
    assert [fact.text for fact in finding.facts[2:]] == ["1 device of the same vendor", f"{NEAR}, driver e1000e"]


def test_its_device_is_there() -> None:
    assert told(Device("pci", "d", MINE, "e1000e", path="/d")).what == "its device has the driver e1000e already"
    finding = told(Device("pci", "d", MINE, path="/d"))
    assert finding.what.endswith("though one has an id that it knows")
    assert finding.facts[2].text == f"{MINE}, no driver"


def test_one_that_looks_by_itself() -> None:
    module = build_module("mod", modinfo=HEALTHY, needs=["_printk"])
    finding = told(Device("pci", "d", MINE, path="/d"), module=module)
    assert finding.what.endswith("can drive; it looks for them by itself")
    assert (finding.facts[1].text, finding.remedies) == ("it knows no ids of devices", ())
    module = build_module("mod", modinfo=(*HEALTHY, ("parm", "addr:where")), needs=["_printk"])
    assert [remedy.command for remedy in told(module=module).remedies] == ["lkm modinfo -p mod.ko"]


def test_a_processor() -> None:
    module = build_module("mod", modinfo=(*HEALTHY, ("alias", "cpu:type:x86,*01C0*")), needs=["_printk"])
    finding = told(Device("cpu", "cpu0", "cpu:type:x86," + 300 * "0", path="/d"), module=module)
    assert finding.what.endswith("the one on cpu has no id that it knows")
    assert finding.facts[2].text.endswith("00...") and len(finding.facts[2].text) < 130


def test_a_healthy_module() -> None:
    assert diagnose(case(build_module("mod", modinfo=HEALTHY, needs=["_printk"]), tree=FakeTree(mod=()))) == ()
