from __future__ import annotations

from pathlib import Path

import pytest

from lkm.cli import lsmod
from lkm.cli.main import main
from lkm.kernel.linux import LinuxKernel


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "version").write_text("Linux")
    (tmp_path / "module/fat/holders/msdos").mkdir(parents=True)
    monkeypatch.setattr(lsmod, "LinuxKernel", lambda: LinuxKernel(str(tmp_path), str(tmp_path)))
    return tmp_path


def test_bytes_of_the_table(machine: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    (machine / "modules").write_bytes(b"f\xe9t 60806 1 msdos, Live 0x0\n")
    assert main(["lsmod"]) == 0
    assert capfdbinary.readouterr().out == (
        b"Module                  Size  Used by\nf\xe9t                    60806  1 msdos\n"
    )


def test_kernel_without_modules_and_extra_words(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lsmod"]) == 1
    assert "CONFIG_MODULES" in capsys.readouterr().err
    assert main(["lsmod", "extra"]) == 1
    assert capsys.readouterr().err.startswith("usage: lsmod")
