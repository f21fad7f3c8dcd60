from __future__ import annotations

from pathlib import Path

import pytest

from lkm.errors import MachineError, UsageError
from lkm.kernel.helper import CALLS, ENVIRONMENT, HelperSetting, is_call, why_unsafe
from lkm.kernel.sim import requests


@pytest.fixture
def setting(tmp_path: Path) -> HelperSetting:
    (tmp_path / "sys/kernel").mkdir(parents=True)
    (tmp_path / "sys/kernel/modprobe").write_text("/sbin/modprobe\n")
    return HelperSetting(str(tmp_path))


def test_the_simulated_kernel_calls_in_the_same_way() -> None:
    assert ENVIRONMENT == requests.ENVIRONMENT
    assert [list(words) for words in requests.ARGUMENTS.values()] == list(CALLS)


@pytest.mark.parametrize(
    ("words", "more", "expected"),
    [
        (["-q", "--", "x"], {}, True),
        (["-s", "-k", "--", "x"], {}, True),
        (["-q", "--", "x"], {"LC_CTYPE": "C.UTF-8"}, True),
        (["-q", "--", "x"], {"LANG": "C"}, False),
        (["-q", "--", "x"], {"PATH": "/bin"}, False),
        (["-q", "--", "x", "a=1"], {}, False),
        (["-q", "x"], {}, False),
        (["-qv", "--", "x"], {}, False),
        ([], {}, False),
    ],
)
def test_a_call_of_the_kernel(words: list[str], more: dict[str, str], expected: bool) -> None:
    assert is_call(words, ENVIRONMENT | more) is expected


@pytest.mark.parametrize("name", ["-r", "--remove", "a=1", "a*", "a?", "[a]", "a\\", "", "a b", "a\n", "a\x1b[m"])
def test_a_name_that_must_not_be_passed_on(name: str) -> None:
    assert why_unsafe(name)


@pytest.mark.parametrize(
    "name", ["fs-minix", "crypto-authenc(hmac(sha1),cbc(aes))", "snd-card-0", "é", "a/b", "pci:v1d2"]
)
def test_a_name_that_may_be_asked_for(name: str) -> None:
    assert why_unsafe(name) == ""


def test_the_setting_is_read_and_written(setting: HelperSetting) -> None:
    assert setting.read() == "/sbin/modprobe"
    setting.write("")
    assert setting.read() == ""
    setting.write("/" + "x" * 254)
    with pytest.raises(UsageError, match="256 bytes, and the kernel keeps 255"):
        setting.write("/" + "x" * 255)


def test_what_the_kernel_did_not_take_is_told(setting: HelperSetting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setting, "read", lambda: "/other")
    with pytest.raises(MachineError, match="keeps '/other', not '/x'"):
        setting.write("/x")


def test_a_kernel_without_modules(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="no such setting"):
        HelperSetting(str(tmp_path)).read()
