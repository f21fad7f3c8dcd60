"""``lkm info`` of Debian's modules: what it answers is as the schema says, and true of the file."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from lkm.formats.source import BytesSource
from lkm.modfile.facts import read
from tests.support.kernels import LKM
from tests.support.schema import check
from tests.support.trees import debian_modules


def asked(files: list[Path]) -> list[dict[str, Any]]:
    """Return what ``lkm info --json`` answers of Debian's files, in the order asked."""
    root, release = debian_modules()
    words = [LKM, "info", "--json", "-d", str(root), "-S", release, "-C", "/dev/null", "--no-cmdline"]
    found: list[dict[str, Any]] = []
    for start in range(0, len(files), 500):
        done = subprocess.run(
            [*words, *map(str, files[start : start + 500])], capture_output=True, text=True, check=True
        )
        found += check(done.stdout)["modules"]
    return found


def judged(files: list[Path]) -> None:
    answers = asked(files)
    assert [answer["path"] for answer in answers] == [str(path) for path in files]
    for path, answer in zip(files, answers, strict=True):
        facts, _ = read(BytesSource(path.read_bytes()))
        assert answer["module"] == facts.name and answer["size"] == facts.size
        assert answer["fields"]["license"] == list(facts.values("license"))
        assert {p.name for p in facts.parameters} <= {p["name"] for p in answer["parameters"]}
        assert answer["signature"]["state"] == "good", path  # by the keys of the image beside the modules


def files() -> list[Path]:
    root, release = debian_modules()
    return sorted((root / "lib/modules" / release).rglob("*.ko"))


def test_a_sample_of_debians_modules() -> None:
    judged(files()[7::80])


@pytest.mark.sweep
def test_all_of_debians_modules(record_property: Any) -> None:
    every = files()
    assert len(every) > 4000
    judged(every)
    record_property("told", f"lkm info --json of {len(every)} modules is as the schema says")


def test_a_file_that_was_changed_after_it_was_signed(tmp_path: Path) -> None:
    root, release = debian_modules()
    (path,) = [file for file in files() if file.name == "e1000e.ko"]
    changed = tmp_path / "e1000e.ko"
    changed.write_bytes(path.read_bytes().replace(b"license=GPL v2", b"license=GPL v3"))
    done = subprocess.run(
        [LKM, "info", "-d", root, "-S", release, changed], capture_output=True, text=True, check=True
    )
    assert "and WRONG: the file was changed after it was signed" in done.stdout
    assert "  copybreak              uint          256      changed\n" in done.stdout


def test_what_is_loaded_at_boot(tmp_path: Path) -> None:
    root, release = debian_modules()
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/modules").symlink_to(root / "lib/modules")
    directory = tmp_path / "etc/modules-load.d"
    directory.mkdir(parents=True)
    (directory / "x.conf").write_text("# x\nmsdos\nloop\nfs-msdos\nmsdos x\n")
    (tmp_path / "etc/modules").write_text("snd-hda-intel\n")
    words = [LKM, "info", "--json", "-d", str(tmp_path), "-S", release, "--no-cmdline"]
    asked_for = [next(file for file in files() if file.stem == name) for name in ("msdos", "fat", "snd-hda-intel")]
    done = subprocess.run([*words, *asked_for], capture_output=True, text=True, check=True)
    told = [[r for r in m["reasons"] if r["kind"] == "boot"] for m in check(done.stdout)["modules"]]
    places = [[(r["what"], r["origin"]["file"], r["origin"]["line"]) for r in reasons] for reasons in told]
    assert places == [
        [("msdos", f"{directory}/x.conf", 2), ("fs-msdos", f"{directory}/x.conf", 4)],
        [],
        [("snd-hda-intel", f"{tmp_path}/etc/modules", 1)],
    ]
    done = subprocess.run([*words, "-C", "/dev/null", asked_for[0]], capture_output=True, text=True, check=True)
    assert "modules-load.d" not in done.stdout
