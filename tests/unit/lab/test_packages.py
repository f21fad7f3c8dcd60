from __future__ import annotations

from pathlib import Path

import pytest

from lkm.errors import LabError
from lkm.lab import packages


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return the only directory with programs, and have an empty cache."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "bin"


def program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")
    path.chmod(0o755)


def have_apt(programs: Path) -> Path:
    """Have an apt whose package lists are out of date until renewed; return the log of what it was asked."""
    log = programs.parent / "log"
    program(programs / "apt-cache", 'echo "Depends: linux-image-6.1.0-9-amd64 (= 6.1.27-1)"')
    script = f"for word; do :; done; echo $word >>{log}; "
    script += 'case "$*" in *Dir::State*) ;; *) echo E: 404 >&2; exit 100 ;; esac; '
    script += 'case "$word" in update) ;; *) echo >"${word}_6.1.27-1_amd64.deb" ;; esac'
    program(programs / "apt-get", script)
    extract = 'mkdir -p "$3/usr/lib/modules/6.1.0-9-amd64"; echo x >>' + str(programs.parent / "extracted")
    program(programs / "dpkg-deb", extract)
    return log


def test_fetches_what_the_meta_package_depends_on_once(programs: Path) -> None:
    log = have_apt(programs)
    root = packages.fetch()
    assert (root / "lib/modules/6.1.0-9-amd64").is_dir()
    asked = ["linux-image-6.1.0-9-amd64", "update", "linux-image-6.1.0-9-amd64"]
    assert log.read_text().split() == asked
    assert packages.fetch() == root
    assert log.read_text().split() == asked
    assert (programs.parent / "extracted").read_text() == "x\n"


def test_a_newer_package_is_fetched_when_asked_for(programs: Path) -> None:
    log = have_apt(programs)
    packages.fetch()
    before = len(log.read_text().split())
    packages.fetch(renew=True)
    assert len(log.read_text().split()) > before


def test_without_apt_it_says_so(programs: Path) -> None:
    with pytest.raises(LabError, match="linux-image-amd64: this machine has no apt-get") as caught:
        packages.fetch()
    assert caught.value.hint


def test_what_apt_says_is_passed_on(programs: Path) -> None:
    program(programs / "apt-get", "echo 'E: Unable to locate package' >&2; exit 100")
    program(programs / "apt-cache", "exit 0")
    with pytest.raises(LabError, match=r"^no-such: apt-get failed: E: Unable to locate package$"):
        packages.fetch("no-such")


def test_a_file_that_is_no_package(tmp_path: Path) -> None:
    (tmp_path / "x.deb").write_text("no")
    with pytest.raises(LabError, match=r"x\.deb: dpkg-deb failed"):
        packages.unpack(tmp_path / "x.deb")
