"""Malformed configuration of every kind: each line is told with its place and a caret, and all other lines count.

The golden files hold what is said, and what `modprobe -c` (for depmod.d: the settings) makes of the rest.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lkm.cli.messages import WARNING, Messages
from lkm.config.depmod import _SYNTAX, assemble_depmod
from lkm.config.modprobe import SYNTAX
from tests.support.modprobe import our_words

GOLDEN = Path(__file__).parents[2] / "golden/config"


def compare(name: str, said: str) -> None:
    """Hold what was said to the golden file; LKM_GOLDEN=1 writes it anew."""
    if os.environ.get("LKM_GOLDEN"):
        (GOLDEN / name).write_bytes(said.encode())
    assert said.encode() == (GOLDEN / name).read_bytes()


def test_modprobe_d(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(GOLDEN)
    words = ["-c", "--no-cmdline", "-C", "modprobe.conf", "-d", str(tmp_path), "-S", "1"]
    (status, out), said = our_words(words)
    assert status == 0
    settings = out.decode().partition("\n# End of configuration")[0]
    compare("modprobe.txt", f"{said}\n{settings}")
    good = [" ".join(line.split()) for line in settings.split("\n") if line.startswith("options good")]
    assert good == [f"options good {number}" for number in (1, 2, 3, 4, 5, 6, 8)]


def test_depmod_d(capsys: pytest.CaptureFixture[str]) -> None:
    settings = assemble_depmod([("depmod.conf", (GOLDEN / "depmod.conf").read_text())])
    for problem in settings.problems:
        Messages("depmod").problem(WARNING, problem)
    compare("depmod.txt", capsys.readouterr().err)
    assert settings.searches == ("first", "built-in", "last") and settings.excludes[-1] == "build"
    assert settings.overrides == settings.externals == ()


@pytest.mark.parametrize(
    ("name", "directives"), [("modprobe", [*SYNTAX, "include", "config"]), ("depmod", [*_SYNTAX])]
)
def test_every_directive_is_there_and_every_complaint_has_its_place_and_caret(
    name: str, directives: list[str]
) -> None:
    rows = (GOLDEN / f"{name}.conf").read_bytes().decode().split("\n")
    said = (GOLDEN / f"{name}.txt").read_text().partition("\n\n")[0].split("\n")
    told = [line for line in said if line.startswith(f"{name}: WARNING: {name}.conf:")]
    assert len(said) - (not said[-1]) == 3 * len(told)
    first = {rows[int(line.split(":")[3]) - 1].partition(" ")[0] for line in told}
    assert not {d for d in directives if d not in ("search", "exclude")} - first
    for at in range(0, 3 * len(told), 3):
        assert said[at + 2].lstrip().startswith("^ "), said[at]
