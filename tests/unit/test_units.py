"""The systemd units that are shipped: systemd understands them, and finds them well locked up."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "src/lkm/share/systemd"
NAMES = sorted(path.name for path in UNITS.iterdir())
SERVICES = [name for name in NAMES if name.endswith(".service")]
#: Loading modules as root cannot be taken away, and is most of what is left.
MOST = 2.7


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """Return the units with the lkm of this installation in the place of the system's, which need not be there."""
    for name in NAMES:
        text = (UNITS / name).read_text().replace("/usr/bin/lkm", str(Path(sys.executable).with_name("lkm")))
        (tmp_path / name).write_text(text)
    return tmp_path


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", "--no-pager", *words], capture_output=True, text=True)


def test_these_are_there() -> None:
    assert NAMES == [
        "lkm-autoclean.service",
        "lkm-autoclean.timer",
        "lkm-coldplug.service",
        "lkmd.service",
        "lkmd.socket",
    ]


def test_systemd_understands_them(units: Path) -> None:
    done = analyze("verify", *[str(units / name) for name in NAMES])
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_wrong_line_would_be_seen(units: Path) -> None:
    text = (units / "lkmd.service").read_text()
    (units / "lkmd.service").write_text(text.replace("ProtectHome=yes", "ProtectHouse=yes"))
    assert "ProtectHouse" in analyze("verify", str(units / "lkmd.service")).stderr


@pytest.mark.parametrize("name", SERVICES)
def test_they_are_locked_up(units: Path, name: str) -> None:
    done = analyze("security", "--offline=true", f"--threshold={MOST * 10:.0f}", str(units / name))
    assert done.returncode == 0, done.stdout
    exposure = re.search(r"exposure level for \S+: ([0-9.]+)", done.stdout)
    assert exposure and float(exposure[1]) <= MOST


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_that_is_needed_is_taken(name: str) -> None:
    text = (UNITS / name).read_text()
    assert "CAP_SYS_MODULE" in text and "ProtectKernelModules=no" in text
    assert "SystemCallFilter=finit_module init_module delete_module" in text
    assert "DeviceAllow=/dev/kmsg r" in text and "CAP_SYSLOG" in text  # the kernel's reasons


def test_every_option_of_their_commands_is_known() -> None:
    from lkm.cli import autoclean, coldplug, lkmd

    tables = {"lkmd": lkmd.OPTIONS, "coldplug": coldplug.OPTIONS, "autoclean": autoclean.OPTIONS}
    for name in SERVICES:
        (command,) = re.findall(r"^ExecStart=/usr/bin/lkm (.*)$", (UNITS / name).read_text(), re.M)
        tool, *options = command.split()
        assert {option.removeprefix("--") for option in options} <= {option.long for option in tables[tool]}
