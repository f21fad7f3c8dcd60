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


def test_what_is_not_there_is_nothing(tmp_path: Path) -> None:
    nowhere = str(tmp_path / "nowhere")
    assert (names(nowhere), link_name(nowhere), text(nowhere), devices(nowhere)) == ([], "", "", ())
