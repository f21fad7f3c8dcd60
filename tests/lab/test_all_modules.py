"""Every module of the User-Mode Linux kernel, loaded and removed by our modprobe and by kmod's: the same outcome.

Compared are the exit statuses and which modules came and went. What the tools say is not: ours says more. Ours is
called with ``--keep-partial``, for kmod's leaves in what it loaded before the step that failed.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from lkm import lab
from tests.support.trees import uml_modules

DRIVER = Path(__file__).with_name("all_modules_guest.py")
#: The modules whose init fails in this kernel: the sample has them all.
REFUSING = ["dummy-irq", "i2c-stub", "kafs", "mtdoops", "tcrypt"]
Answers = dict[str, dict[str, Any]]


def module_names() -> list[str]:
    root, release = uml_modules()
    lines = (root / "lib/modules" / release / "modules.dep").read_text().splitlines()
    return sorted(Path(line.partition(":")[0]).name.removesuffix(".ko") for line in lines)


def sweep(tool: str, mode: str, names: list[str]) -> Answers:
    """Run the driver over the names; where a guest ends early, go on after that module in another one."""
    answers: Answers = {}
    rest = names
    while rest:
        result = lab.run([sys.executable, str(DRIVER), tool, mode, *rest], timeout=1500)
        last = ""
        for line in result.stdout.decode("utf-8", "replace").splitlines():
            said = json.loads(line)
            if isinstance(said, str):
                last = said
            else:
                answers[said["name"]] = said
        assert last, f"{tool}: the guest did not even begin with {rest[0]}: {result.stderr!r} {result.log}"
        if last not in answers:
            no_answer = {"status": result.end, "new": [], "gone": []}
            answers[last] = {"name": last, "before": [], "load": no_answer, "remove": no_answer}
        rest = rest[rest.index(last) + 1 :]
    return answers


def facts(answer: dict[str, Any]) -> dict[str, object]:
    """Return what has to be the same."""
    load, remove = answer["load"], answer["remove"]
    return {
        "loaded before": answer["before"],
        "status": load["status"],
        "loaded": load["new"],
        "status of -r": remove["status"],
        "left by -r": remove["new"],
        "gone": load["gone"] + remove["gone"],
    }


def differences(name: str, ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    one, other = facts(ours), facts(theirs)
    return [f"{name}: {what}: ours {one[what]}, kmod's {other[what]}" for what in one if one[what] != other[what]]


def compare(ours: str, mode: str, names: list[str], tell: Callable[[str], None]) -> None:
    """Tell the count and every difference between our tool and kmod's; there should be none."""
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda tool: sweep(tool, mode, names), (ours, "kmod"))
    lines = [line for name in names for line in differences(name, one[name], other[name])]
    refused = [name for name in names if other[name]["load"]["status"] != 0]
    loaded = len(names) - len(refused)
    tell(f"{len(names)} modules by {ours}, {mode}: {loaded} load, {len(refused)} do not: {' '.join(refused)}")
    tell("\n".join([f"{len(lines)} differences from kmod", *lines]))
    assert not lines


@pytest.mark.lab
@pytest.mark.oracle
def test_a_sample_does_with_ours_what_it_does_with_kmods(tell: Callable[[str], None]) -> None:
    names = random.Random(2).sample(module_names(), 100) + REFUSING
    compare("lkm", "on", names, tell)


@pytest.mark.lab
@pytest.mark.oracle
def test_a_sample_by_the_installed_command(tell: Callable[[str], None]) -> None:
    names = random.Random(5).sample(module_names(), 20)
    compare("launcher", "on", [*names, "msdos", "tcrypt", "no-such-module"], tell)


@pytest.mark.lab
def test_a_module_that_is_refused_leaves_nothing_behind() -> None:
    answers = sweep("undo", "on", REFUSING)
    outcome = {name: (answers[name]["load"]["status"], answers[name]["load"]["new"]) for name in REFUSING}
    assert outcome == dict.fromkeys(REFUSING, (1, []))


@pytest.mark.lab
@pytest.mark.oracle
@pytest.mark.sweep
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("mode", ["on", "fresh"])
def test_every_module_does_with_ours_what_it_does_with_kmods(mode: str, tell: Callable[[str], None]) -> None:
    names = module_names()
    assert len(names) > 850
    compare("lkm", mode, names, tell)
