from __future__ import annotations

from pathlib import Path

from lkm.kernel.devices import devices, drivers
from lkm.kernel.texts import link_name, names, text
from lkm.state.devices import Device, Driver


def test_drivers_and_devices_of_a_sys(tmp_path: Path) -> None:
    driver = tmp_path / "bus/pci/drivers/e1000"
    device = tmp_path / "devices/pci0/0000:00:03.0"
    (tmp_path / "module/e1000").mkdir(parents=True)
    for directory in (driver, device, tmp_path / "bus/pci/devices", tmp_path / "bus/empty"):
        directory.mkdir(parents=True)
    (driver / "module").symlink_to(tmp_path / "module/e1000")
    (device / "driver").symlink_to(driver)
    (device / "modalias").write_text("pci:v1\n")
    (tmp_path / "bus/pci/devices/0000:00:03.0").symlink_to(device)
    (tmp_path / "bus/pci/devices/0000:00:04.0").symlink_to("nowhere")
    assert drivers(str(tmp_path)) == (Driver("pci", "e1000", "e1000"),)
    assert devices(str(tmp_path)) == (
        Device("pci", "0000:00:03.0", "pci:v1", "e1000", "e1000", str(device)),
        Device("pci", "0000:00:04.0", "", "", "", f"{tmp_path}/bus/pci/devices/nowhere"),
    )


def test_what_binds_no_driver(tmp_path: Path) -> None:
    (tmp_path / "bus/cpu/devices").mkdir(parents=True)
    for name in ("cpu0", "cpu1"):
        (tmp_path / "devices/system" / name).mkdir(parents=True)
        (tmp_path / "devices/system" / name / "uevent").write_text("DRIVER=processor\nMODALIAS=cpu:type:x86\n")
        (tmp_path / "bus/cpu/devices" / name).symlink_to(tmp_path / "devices/system" / name)
    for name in ("input/input0", "input/event0", "dmi/id"):
        (tmp_path / "class" / name).mkdir(parents=True)
    (tmp_path / "class/input/input0/modalias").write_text("input:b0011\n")
    (tmp_path / "class/dmi/id/modalias").write_text("dmi:bvnX:\n")
    assert [(one.bus, one.name, one.modalias, one.driver) for one in devices(str(tmp_path))] == [
        ("cpu", "cpu0", "cpu:type:x86", ""),
        ("dmi", "id", "dmi:bvnX:", ""),
        ("input", "input0", "input:b0011", ""),
    ]


def test_what_is_not_there_is_nothing(tmp_path: Path) -> None:
    nowhere = str(tmp_path / "nowhere")
    assert (names(nowhere), link_name(nowhere), text(nowhere), devices(nowhere)) == ([], "", "", ())
