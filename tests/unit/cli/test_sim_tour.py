"""The tour: each section's transcript to the byte, every example of the HOWTO in it, and what can go wrong."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from lkm.cli import sim, sim_tour
from lkm.cli.sim_tour import Step, sections
from lkm.kernel.sim.rules24 import RUNNING, USED_ONCE, Module24, line
from tests.support.howto import EXAMPLES, ODD, Example

GOLDEN = Path(__file__).parents[2] / "golden/tour"
NUMBERS = [section.number for section in sections()]
Tour = Callable[..., tuple[int, str, str]]


@pytest.fixture
def tour(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Tour:
    def call(*words: str) -> tuple[int, str, str]:
        status = sim.main(["sim", "tour", *words])
        out, err = capfd.readouterr()
        return status, out.replace(f"{tmp_path}/tour", "TOUR").replace(os.path.dirname(sim_tour.TEXTS), "CLI"), err

    return call


def below(transcript: str, command: str) -> list[list[str]]:
    """Return what each call of a command printed, as lines."""
    found: list[list[str]] = []
    for text in transcript.splitlines():
        if text.startswith("  $ "):
            found.append([text[4:]])
        elif found and (text.startswith("    ") or not text):
            found[-1].append(text[4:])
    return [said[1:] for said in found if said[0] == command]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_section_is_as_it_was(tour: Tour, tmp_path: Path, number: str) -> None:
    status, out, err = tour(number, "--keep", f"{tmp_path}/tour")
    head, _, played = out.partition("\n\n" + number)
    assert head.startswith("Chapter 5 of the Linux Loadable Kernel Module HOWTO")
    assert (status, err) == (0, "")
    transcript = (number + played).partition("\nIt is all there still:")[0]
    golden = GOLDEN / f"{number}.txt"
    assert transcript == golden.read_text()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: f"{e.section}-{e.typed}")
def test_an_example_of_the_text_is_played(example: Example) -> None:
    outputs = below((GOLDEN / f"{example.tour}.txt").read_text(), example.command)
    assert outputs, f"the tour does not play {example.typed}"
    size = len(example.lines)
    runs = [tuple(said[at : at + size]) for said in outputs for at in range(len(said) - size + 1)]
    assert example.lines in runs


def test_the_line_of_the_text_that_no_kernel_wrote() -> None:
    theirs, ours = ODD
    assert line(Module24("serial", 24484, 0, RUNNING | USED_ONCE)) == f"{ours}\n"
    assert theirs.split() == ours.split() and len(theirs) == len(ours) + 2


def test_the_readme_quotes_it() -> None:
    readme = (GOLDEN.parents[2] / "README.md").read_text()
    quoted = readme.split("<!-- lines of tests/golden/tour/5.4.1.txt;")[1].split("```text\n")[1].split("```")[0]
    assert quoted in (GOLDEN / "5.4.1.txt").read_text()


def test_every_command_is_there_for_a_reason() -> None:
    """No golden file is left over, and each section has commands."""
    assert sorted(path.stem for path in GOLDEN.iterdir()) == NUMBERS
    for section in sections():
        assert [step for step in section.steps if isinstance(step, Step)]
        assert section.title


def test_the_list(tour: Tour) -> None:
    status, out, _ = tour("--list")
    assert (status, [row.split()[0] for row in out.splitlines()]) == (0, NUMBERS)
    assert tour("5.1", "--list")[1].startswith("5.1  An object file")


def test_a_section_that_is_not_there(tour: Tour) -> None:
    status, out, err = tour("5.9")
    assert (status, out) == (2, "")
    assert err.startswith("lkm sim: the tour has no section 5.9\n  it has 5.0 5.1")


def test_any_place_will_do(tour: Tour, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "it's a $place"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    monkeypatch.setenv("MODPROBE_OPTIONS", "-n")
    monkeypatch.setenv("LKM_KERNEL", "sim:/nowhere")
    status, out, _ = tour()
    assert (status, out.count("  ! "), out.endswith("commands did as told.\n")) == (0, 0, True)


def test_nothing_is_left_unless_asked_for(tour: Tour, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert tour("5.1")[0] == 0
    assert list(tmp_path.iterdir()) == []
    assert tour("5.1", "--keep", f"{tmp_path}/tour")[1].endswith(
        "\nIt is all there still:\n\n  $ cd TOUR\n  $ export LKM_KERNEL=sim:world\n\nAll 4 commands did as told.\n"
    )
    assert {"world", "world.root", "msdos.o"} <= set(os.listdir(tmp_path / "tour"))


def test_a_directory_with_something_in_it_is_left_alone(tour: Tour, tmp_path: Path) -> None:
    (tmp_path / "tour").mkdir()
    (tmp_path / "tour/mine").touch()
    status, out, err = tour("--keep", f"{tmp_path}/tour")
    assert (status, out) == (1, "")
    assert "is not empty\n" in err
    assert os.listdir(tmp_path / "tour") == ["mine"]
    assert tour("--keep", f"{tmp_path}/tour/mine")[0] == 1


def test_a_command_that_ends_otherwise_is_told(tour: Tour, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "5.0.txt").write_text(
        "Title\n\nProse.\n$ lkm insmod fat.o\n= 1\n$ exit 3\n= 3\n$ lkm sim nonsense\n= 2\n"
    )
    monkeypatch.setattr(sim_tour, "TEXTS", str(tmp_path))
    status, out, _ = tour("--keep", f"{tmp_path}/tour")
    assert status == 1
    assert "\n5.0 Title\n=========\n\nProse.\n  $ lkm insmod fat.o\n  ! This left with status 0, not 1.\n" in out
    assert out.endswith("\n1 of 3 commands did not end as they should.\n")
