"""Sick modules made from real ones: `lkm check` foresees what the real kernel answers, and names the disease."""

from __future__ import annotations

import errno
import json
import random
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lkm import lab
from lkm.cli.check import main
from lkm.system.moduletree import IndexedTree
from tests.support.mutator import MUTATIONS, Sick, make_sick
from tests.support.trees import uml_modules

pytestmark = pytest.mark.lab
DRIVER = Path(__file__).with_name("sick_guest.py")
UML = "/usr/bin/linux.uml"
ROOT = Path(__file__).parents[2]
#: Their init fails, or does more than a guest should see; ipv6 cannot be removed.
LEFT_OUT = {"ipv6", "tcrypt", "mtdoops", "kafs", "i2c_stub", "dummy_irq", "dlm"}


def patients(count: int, tree: IndexedTree, seed: int) -> list[tuple[str, Sick]]:
    """Return (module, sick file): each disease as often as the others."""
    draw = random.Random(seed)
    names = [name for name in sorted(tree.names()) if not LEFT_OUT & {name, *tree.needs(name)}]
    found: list[tuple[str, Sick]] = []
    while len(found) < count:
        mutation = MUTATIONS[len(found) % len(MUTATIONS)]
        name = draw.choice(names)
        data = Path(tree.path(name)).read_bytes()
        sick = make_sick(data, mutation, draw)
        if sick and not (sick.disease == "gpl-only" and not _uses_gpl_only(tree, name)):
            found.append((name, sick))
    return found


def _uses_gpl_only(tree: IndexedTree, name: str) -> bool:
    facts = tree.facts(name)
    assert facts
    return any(need.name in GPL_ONLY for need in facts.needs)


#: Exported for GPL modules only by every kernel of these days.
GPL_ONLY = {
    "__platform_driver_register",
    "platform_driver_unregister",
    "crypto_register_alg",
    "class_destroy",
    "device_create",
    "device_destroy",
    "register_pernet_subsys",
    "unregister_pernet_subsys",
    "crypto_unregister_alg",
    "crypto_register_shash",
    "crypto_unregister_shash",
    "crypto_register_skcipher",
    "__class_create",
}


def foreseen(
    directory: Path, made: list[tuple[str, Sick]], capfd: pytest.CaptureFixture[str]
) -> list[dict[str, Any]]:
    root, _ = uml_modules()
    answers = []
    for number, (_, sick) in enumerate(made):
        words = [str(directory / f"{number}.ko"), *sick.parameters.split()]
        status = main(["check", "--image", UML, "-d", str(root), "--json", *words])
        out = capfd.readouterr().out
        assert status in (0, 1), out
        answers.append(json.loads(out)["modules"][0])
    return answers


def compare(
    count: int, seed: int, directory: Path, capfd: pytest.CaptureFixture[str]
) -> tuple[list[str], Counter[str]]:
    root, release = uml_modules()
    tree = IndexedTree(str(root / "lib/modules" / release))
    made = patients(count, tree, seed)
    rows = []
    for number, (name, sick) in enumerate(made):
        (directory / f"{number}.ko").write_bytes(sick.data)
        rows.append(
            [str(directory / f"{number}.ko"), sick.parameters, [tree.path(n) for n in reversed(tree.needs(name))]]
        )
    (directory / "rows").write_text(json.dumps(rows))
    command = ["env", f"PYTHONPATH={ROOT}", sys.executable, str(DRIVER), str(directory / "rows")]
    result = lab.run(command, timeout=900)
    real = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(real) == count, (result.stderr, result.log[-2000:])
    wrong = []
    for (name, sick), (number, log), answer in zip(made, real, foreseen(directory, made, capfd), strict=True):
        errno_ = errno.errorcode[number] if number else None
        codes = [finding["code"] for finding in answer["findings"]]
        if errno_ != answer["errno"] or codes[:1] != [sick.disease]:
            wrong.append(f"{name}, {sick.disease}: really {errno_} {log[:2]}, foreseen {answer['errno']} {codes}")
    return wrong, Counter(sick.disease for _, sick in made)


def test_a_sample(tmp_path: Path, tell: Callable[[str], None], capfd: pytest.CaptureFixture[str]) -> None:
    wrong, diseases = compare(2 * len(MUTATIONS), 1, tmp_path, capfd)
    tell(f"{sum(diseases.values())} sick modules of {len(diseases)} diseases, {len(wrong)} differences")
    if wrong:
        tell("\n".join(wrong))
    assert not wrong


@pytest.mark.sweep
@pytest.mark.timeout(1800)
def test_many(tmp_path: Path, tell: Callable[[str], None], capfd: pytest.CaptureFixture[str]) -> None:
    wrong, diseases = compare(20 * len(MUTATIONS), 2, tmp_path, capfd)
    tell(f"{sum(diseases.values())} sick modules of {len(diseases)} diseases, {len(wrong)} differences")
    if wrong:
        tell("\n".join(wrong))
    assert not wrong
