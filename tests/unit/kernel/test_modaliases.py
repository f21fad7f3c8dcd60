"""Modaliases of a /sys in files."""

from __future__ import annotations

from pathlib import Path

from lkm.kernel.modaliases import modaliases


def device(sys: Path, path: str, **files: str) -> Path:
    place = sys / "devices" / path
    place.mkdir(parents=True)
    for name, text in files.items():
        (place / name).write_text(text)
    return place


def test_each_once_from_both_kinds_of_file(tmp_path: Path) -> None:
    pci = device(tmp_path, "pci0/0000:00:01.0", modalias="pci:v1\n", uevent="DRIVER=x\nMODALIAS=pci:v1\n")
    device(tmp_path, "pci0/0000:00:01.0/usb1", uevent="MODALIAS=usb:v2\n")
    device(tmp_path, "platform/rtc", modalias="platform:rtc\n")
    device(tmp_path, "virtual/tty/tty0", uevent="MAJOR=4\n")
    device(tmp_path, "platform/empty", modalias="\n")
    (tmp_path / "devices/platform/again").symlink_to(pci)
    (tmp_path / "devices/loop").symlink_to(tmp_path / "devices")
    assert modaliases(str(tmp_path)) == ("pci:v1", "platform:rtc", "usb:v2")


def test_what_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    place = device(tmp_path, "x", modalias="platform:x\n")
    (place / "uevent").mkdir()
    (place / "modalias2").write_text("platform:no")
    device(tmp_path, "y").joinpath("modalias").symlink_to("nowhere")
    assert modaliases(str(tmp_path)) == ("platform:x",)
    assert modaliases(str(tmp_path / "nothing")) == ()
