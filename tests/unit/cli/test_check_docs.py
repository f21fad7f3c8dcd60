"""The examples of docs/check.md, run as they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from lkm.cli.depmod import main as depmod
from tests.support.signing import Signer
from tests.support.trees import uml_modules
from tests.unit.cli.test_check_evidence import symvers

PAGE = Path(__file__).parents[3] / "docs/check.md"
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with what the page speaks of."""
    place = tmp_path_factory.mktemp("page")
    source, release = uml_modules()
    for root in ("image", "modules-only"):
        directory = place / root / "lib/modules" / release
        directory.mkdir(parents=True)
        for name in ("fat", "msdos", "dummy"):
            (path,) = (source / "lib/modules" / release).rglob(f"{name}.ko")
            (directory / path.name).write_bytes(path.read_bytes())
        assert depmod(["depmod", "-b", str(place / root), release]) == 0
    (place / "image/boot").mkdir()
    (place / f"image/boot/vmlinuz-{release}").symlink_to("/usr/bin/linux.uml")
    driver = (place / "image/lib/modules" / release / "dummy.ko").read_bytes()
    (place / "driver.ko").write_bytes(driver)
    owner = Signer("Owner")
    (place / "signed.ko").write_bytes(owner.sign(driver))
    (place / "mok.pem").write_bytes(x509.load_der_x509_certificate(owner.certificate).public_bytes(Encoding.PEM))
    symvers(place / "Module.symvers")
    return place


@pytest.mark.parametrize("block", BLOCKS)
def test_an_example(block: str, place: Path) -> None:
    _, release = uml_modules()
    environment = {**os.environ, "R": release, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for line in re.split(r"\n(?=lkm |python3 )", block.strip()):
        done = subprocess.run(["bash", "-c", line], cwd=place, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, (line, done.stdout, done.stderr)


def test_all_are_there() -> None:
    assert len(BLOCKS) == 6
    assert "`lkm check" in PAGE.read_text()
