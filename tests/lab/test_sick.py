"""Sick modules made from real ones: `lkm check` foresees what the real kernel answers, and names the disease."""

from __future__ import annotations

import errno
import json
import random
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lkm import lab
from lkm.cli.check import main
from lkm.cli.depmod import main as depmod
from lkm.names import fold
from lkm.system.moduletree import IndexedTree
from tests.contract.modules import unsigned
from tests.support.mutator import ENFORCED, MUTATIONS, SIGNED, VERSIONED, Mutation, Sick, make_sick
from tests.support.trees import debian_kernel, debian_modules, uml_modules

pytestmark = pytest.mark.lab
DRIVER = Path(__file__).with_name("sick_guest.py")
UML = "/usr/bin/linux.uml"
ROOT = Path(__file__).parents[2]
#: Their init fails, or does more than a guest should see; ipv6 cannot be removed, and the guest stands on overlay.
LEFT_OUT = frozenset(
    ["overlay", "ipv6", "tcrypt", "mtdoops", "kafs", "i2c_stub", "dummy_irq", "dlm", "encrypted_keys"]
)
#: What the guest itself uses, of the modules that are tried on Debian's kernel. Those of ocfs2 are left out too: soon
#: after their removal that kernel ends in a panic in an interrupt.
BUSY = frozenset(
    ["overlay", "9p", "9pnet", "9pnet_virtio", "9pnet_fd", "netfs", "fscache", "dlm", "ocfs2", "gfs2", "drbd"]
)


def patients(
    count: int,
    tree: IndexedTree,
    seed: int,
    mutations: tuple[Mutation, ...] = MUTATIONS,
    left_out: frozenset[str] = LEFT_OUT,
) -> list[tuple[str, Sick]]:
    """Return (module, sick file): each disease as often as the others; without a signature, but for those of it."""
    draw = random.Random(seed)
    names = [name for name in sorted(tree.names()) if not left_out & {name, *tree.needs(name)}]
    found: list[tuple[str, Sick]] = []
    for _ in range(400 * count):
        if len(found) == count:
            return found
        mutation = mutations[len(found) % len(mutations)]
        name = draw.choice(names)
        data = Path(tree.path(name)).read_bytes()
        sick = make_sick(data if mutation in ENFORCED else unsigned(data), mutation, draw)
        if sick and not (sick.disease == "gpl-only" and not _uses_gpl_only(tree, name)):
            found.append((name, sick))
    raise AssertionError(f"no module can be made sick by {mutation.__name__}")


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
    directory: Path, made: list[tuple[str, Sick]], capfd: pytest.CaptureFixture[str], options: list[str]
) -> list[dict[str, Any]]:
    words = []
    for number, (_, sick) in enumerate(made):
        words += [str(directory / f"{number}.ko"), *sick.parameters.split()]
    status = main(["check", *options, "--json", *words])
    out = capfd.readouterr().out
    assert status in (0, 1), out
    return list(json.loads(out)["modules"])


def compare(
    made: list[tuple[str, Sick]],
    tree: IndexedTree,
    directory: Path,
    capfd: pytest.CaptureFixture[str],
    options: list[str],
    kernel: str | Path = "uml",
    append: str = "",
) -> tuple[list[str], Counter[str]]:
    """Return where the real kernel's answer is another than what is foreseen, and how often each disease was."""
    rows = []
    for number, (name, sick) in enumerate(made):
        (directory / f"{number}.ko").write_bytes(sick.data)
        needs = [tree.path(need) for need in reversed(tree.needs(name))]
        rows.append([str(directory / f"{number}.ko"), sick.parameters, needs])
    (directory / "rows").write_text(json.dumps(rows))
    command = ["env", f"PYTHONPATH={ROOT}", sys.executable, str(DRIVER), str(directory / "rows")]
    result = lab.run(command, kernel, timeout=900, append=append)
    real = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(real) == len(made), (result.stderr, result.log[-2000:])
    wrong = []
    answers = foreseen(directory, made, capfd, options)
    for (name, sick), (number, log), answer in zip(made, real, answers, strict=True):
        errno_ = errno.errorcode[number] if number else None
        codes = [finding["code"] for finding in answer["findings"]]
        if errno_ != answer["errno"] or codes[:1] != [sick.disease]:
            wrong.append(f"{name}, {sick.disease}: really {errno_} {log[:2]}, foreseen {answer['errno']} {codes}")
    return wrong, Counter(sick.disease for _, sick in made)


def on_uml(
    count: int, seed: int, directory: Path, capfd: pytest.CaptureFixture[str]
) -> tuple[list[str], Counter[str]]:
    root, release = uml_modules()
    tree = IndexedTree(str(root / "lib/modules" / release))
    return compare(patients(count, tree, seed), tree, directory, capfd, ["--image", UML, "-d", str(root)])


def _is_whole(tree: IndexedTree, name: str) -> bool:
    """Tell whether all that a module needs is in this part of the tree."""
    for each in (name, *tree.needs(name)):
        facts = tree.facts(each)
        assert facts
        for value in facts.values("depends"):
            if not all(tree.path(fold(need)) for need in value.split(",") if need):
                return False
    return True


#: Of Debian's tree: what is made sick, and what else that needs.
SICK = ("fs", "drivers/block", "drivers/net/bonding")
NEEDED = ("lib", "crypto", "net/9p", "net/tls", "arch", "drivers/base")


def on_debian(
    each: int,
    seed: int,
    directory: Path,
    capfd: pytest.CaptureFixture[str],
    mutations: tuple[Mutation, ...],
    append: str,
) -> tuple[list[str], Counter[str]]:
    """The same with modules of Debian's kernel that want no hardware; ``each``: cases of a mutation."""
    root, release = debian_modules()
    for part in (*SICK, *NEEDED):
        place = f"lib/modules/{release}/kernel/{part}"
        if (root / place).is_dir():
            shutil.copytree(root / place, directory / place)
    assert depmod(["depmod", "-b", str(directory), release]) == 0
    tree = IndexedTree(str(directory / "lib/modules" / release))
    (image,) = (debian_kernel() / "boot").glob("vmlinuz-*")
    options = ["--image", str(image), "-d", str(directory), *(["--policy", "sig_enforce"] if append else [])]
    places = tuple([f"{directory}/lib/modules/{release}/kernel/{part}/" for part in SICK])
    wanted = {name for name in tree.names() if tree.path(name).startswith(places) and _is_whole(tree, name)} - BUSY
    wanted = {name for name in wanted if not any(each.startswith("ocfs2") for each in (name, *tree.needs(name)))}
    needed = {need for name in wanted for need in tree.needs(name)} - BUSY
    left_out = frozenset(tree.names()) - wanted - needed
    made = patients(each * len(mutations), tree, seed, mutations, left_out)
    return compare(made, tree, directory, capfd, options, debian_kernel(), append)


def told(where: str, wrong: list[str], diseases: Counter[str], tell: Callable[[str], None]) -> None:
    said = f"{sum(diseases.values())} sick modules of {len(diseases)} diseases on {where}, {len(wrong)} differences"
    tell("\n".join([said, *wrong]))
    assert not wrong


def test_a_sample(tmp_path: Path, tell: Callable[[str], None], capfd: pytest.CaptureFixture[str]) -> None:
    told("User-Mode Linux", *on_uml(2 * len(MUTATIONS), 1, tmp_path, capfd), tell)


def test_a_sample_on_debians_kernel(
    tmp_path: Path, tell: Callable[[str], None], capfd: pytest.CaptureFixture[str]
) -> None:
    mutations = (*MUTATIONS, *VERSIONED, *SIGNED)
    told("Debian's kernel", *on_debian(1, 3, tmp_path, capfd, mutations, ""), tell)


@pytest.mark.sweep
@pytest.mark.timeout(1800)
def test_many(tmp_path: Path, tell: Callable[[str], None], capfd: pytest.CaptureFixture[str]) -> None:
    told("User-Mode Linux", *on_uml(20 * len(MUTATIONS), 2, tmp_path, capfd), tell)


@pytest.mark.sweep
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("append", ["", "module.sig_enforce=1"])
def test_many_on_debians_kernel(
    append: str, tmp_path: Path, tell: Callable[[str], None], capfd: pytest.CaptureFixture[str]
) -> None:
    mutations = ENFORCED if append else (*MUTATIONS, *VERSIONED, *SIGNED)
    found = on_debian(6, 4, tmp_path, capfd, mutations, append)
    told(f"Debian's kernel {append}", *found, tell)
