"""What ``lkm surface`` foretells is held against a real kernel: each way is tried, as nobody."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lkm import lab
from tests.support.kernels import LKM

pytestmark = pytest.mark.lab

GUEST = Path(__file__).with_name("surface_guest.py")
#: Certain ways that surface_guest.py has no means to go: what they ask for wants more than a message or two.
NOT_GONE = ("xfrm-type-2-4", "xfrm-type-10-41", "fs-overlay", "ematch-kind-")
#: Their init fails in that kernel, whoever loads them.
INIT_FAILS = ("kafs",)
#: What modules ask for themselves as they come, whoever had them loaded.
BY_MODULES = ("nhc_", "nls_", "nf_log_", "crypto_", "fs_", "sch_", "cls_")


def fold(text: str) -> str:
    return text.replace("-", "_")


def play(many: int, timeout: int) -> Any:
    words = ["sh", "-c", f"{LKM} helper install >/dev/null && {sys.executable} {GUEST} {LKM} {many}"]
    result = lab.run(words, timeout=timeout)
    assert result.status == 0, (result.stderr, result.log[-2000:])
    return json.loads(result.stdout)


def judge(found: Any) -> tuple[int, set[str]]:
    """Hold what came against what was foretold; return how many ways were gone, and the kinds of them."""
    foretold = {fold(way["asks"]) for way in found["ways"]}
    loaded: set[str] = set()
    gone, missed = [], []
    for way in found["open"]:
        there = way["module"] in loaded
        asked: dict[str, list[str]] = {}
        for alias, modules in way["asked"]:
            asked.setdefault(fold(alias), []).extend(modules)
        loaded |= {module for modules in asked.values() for module in modules}
        if fold(way["asks"]) in asked:
            gone.append(way)
            assert way["module"] in loaded or way["module"] in INIT_FAILS, way
        elif way["certainty"] == "certain" and not there and not way["asks"].startswith(NOT_GONE):
            missed.append((way["asks"], way["asked"]))
        for alias, modules in asked.items():  # nothing comes by a way that is not foretold
            assert not modules or alias in foretold or alias.startswith(BY_MODULES), (alias, modules, way)
    assert missed == []
    return len(gone), {way["kind"] for way in gone}


def judge_closed(found: Any) -> None:
    assert {way["who"] for way in found["closed"]} == {"user namespace", "line discipline"}
    assert found["shut"] and not [way for way in found["shut"] if any(modules for _, modules in way["asked"])]
    assert found["forbidden"] and not [w for w in found["forbidden"] if any(modules for _, modules in w["asked"])]
    assert any(way["asked"] for way in found["forbidden"])  # the kernel did ask


def test_ways_are_as_foretold(tell: Callable[[str], None]) -> None:
    found = play(1, 200)
    count, kinds = judge(found)
    judge_closed(found)
    tell(f"{count} of {len(found['ways'])} ways gone, of {len(kinds)} kinds")
    assert {"crypto", "device", "family", "filesystem", "ioctl", "ldisc", "link", "netfilter", "netlink"} <= kinds
    assert {"netlink-family", "protocol", "queueing", "route", "xfrm"} <= kinds


@pytest.mark.sweep
@pytest.mark.timeout(1800)
def test_all_ways_are_as_foretold(tell: Callable[[str], None]) -> None:
    found = play(0, 1500)
    count, kinds = judge(found)
    tell(f"{count} of {len(found['ways'])} ways gone, of {len(kinds)} kinds")
