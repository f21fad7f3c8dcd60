"""What a machine tells of itself, on files as Linux has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from lkm.kernel.surroundings import Surroundings


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    write(
        tmp_path,
        {
            "proc/self/status": "Name:\tinsmod\nCapEff:\t000001ffffffffff\nSeccomp:\t0\n",
            "proc/self/uid_map": "         0          0 4294967295\n",
            "proc/1/environ": "HOME=/\0container=\0",
            "proc/meminfo": "MemTotal: 489652 kB\nMemAvailable:     466612 kB\n",
            "proc/kallsyms": "0 r __ksymtab_b\n0 t b\n0 r __ksymtab_a\n0 r __ksymtab_of_fat\t[fat]\n",
            "sys/kernel/security/lockdown": "none [integrity] confidentiality\n",
            "sys/module/fat/srcversion": "533BB7E5866E52F63B9ACCB\n",
            "sys/module/module/parameters/sig_enforce": "N\n",
            "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c": "\6\0\0\0\1",
            "kmsg": "",
        },
    )
    return tmp_path


def write(place: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text)


def look(place: Path) -> Surroundings:
    return Surroundings(f"{place}/proc", f"{place}/sys", f"{place}", f"{place}/kmsg")


def test_a_machine_that_tells_all(machine: Path) -> None:
    found = look(machine)
    assert (found.capable(), found.seccomp(), found.user_namespace(), found.container()) == (True, 0, False, "")
    assert (found.lockdown(), found.sig_enforce(), found.secure_boot()) == ("integrity", False, True)
    assert (found.free(), found.hears(), found.srcversion("fat")) == (466612 * 1024, True, "533BB7E5866E52F63B9ACCB")
    assert found.symbols() == {"__ksymtab_b", "b", "__ksymtab_a"}


def test_a_machine_that_tells_nothing(tmp_path: Path) -> None:
    found = look(tmp_path)
    assert (found.capable(), found.seccomp(), found.user_namespace(), found.container()) == (None, None, None, "")
    assert (found.lockdown(), found.sig_enforce(), found.secure_boot(), found.free()) == ("", None, None, None)
    assert (found.symbols(), found.hears(), found.srcversion("fat")) == (frozenset(), False, "")


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        (".dockerenv", "", "docker (/.dockerenv)"),
        ("run/.containerenv", "engine=podman", "podman (/run/.containerenv)"),
        ("run/systemd/container", "systemd-nspawn\n", "systemd-nspawn (/run/systemd/container)"),
        ("proc/1/environ", "A=1\0container=lxc\0", "lxc (/proc/1/environ)"),
    ],
)
def test_signs_of_a_container(machine: Path, file: str, text: str, said: str) -> None:
    write(machine, {file: text})
    assert look(machine).container() == said


def test_one_without_the_capability_in_a_namespace_with_a_filter(machine: Path) -> None:
    status = "Name:\ta:\tb\nCapEff:\t00000000a80425fb\nSeccomp:\t2\n"
    write(machine, {"proc/self/status": status, "proc/self/uid_map": "0 1000 1\n"})
    found = look(machine)
    assert (found.capable(), found.seccomp(), found.user_namespace()) == (False, 2, True)


@pytest.mark.parametrize("text", ["", "junk", "CapEff:\tzz\nSeccomp:\tx\n"])
def test_junk_is_as_nothing(machine: Path, text: str) -> None:
    write(machine, {"proc/self/status": text, "proc/meminfo": "MemAvailable: x kB", "proc/self/uid_map": ""})
    found = look(machine)
    assert (found.capable(), found.seccomp(), found.user_namespace(), found.free()) == (None, None, None, None)
