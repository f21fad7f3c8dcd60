"""``modprobe --json`` and what modprobe prints are one thing said twice: on drawn worlds they agree."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from tests.support.modprobe import fake_kernel, our_answer
from tests.support.schema import check
from tests.support.trees import uml_modules
from tests.support.worlds import draw_scene

Lines = list[tuple[str, ...]]


def printed(text: bytes) -> Lines:
    """Return what was printed, line by line: of commands, which are printed as configured, the kind alone."""
    lines: Lines = []
    for line in text.decode().splitlines():
        word, _, rest = line.partition(" ")
        lines.append((word,) if word in ("install", "remove") else (word, rest.strip()))
    return lines


def answered(answer: Any, arguments: tuple[str, ...]) -> Lines:
    """Return the lines that would say what the object says."""
    lines: Lines = []
    for request in answer["requests"]:
        if "-R" in arguments and request["module"]:
            lines.append((request["module"], ""))
        for step in request["steps"]:
            action, outcome = step["action"], (step["result"] or {"outcome": ""})["outcome"]
            if action == "builtin" and "-D" in arguments:
                lines.append(("builtin", step["module"]))
            elif outcome != "planned":
                continue
            elif action == "insert":
                lines.append(("insmod", f"{step['path']} {step['options']}".strip()))
            elif action == "remove":
                lines.append(("rmmod", step["module"]))
            elif action == "command":
                lines.append((step["kind"],))
    return lines


@pytest.mark.parametrize("seed", range(2))
def test_both_say_the_same(seed: int, tmp_path: Path) -> None:
    chance = random.Random(f"json{seed}")
    root, release = uml_modules()
    seen = 0
    for number in range(10):
        scene = draw_scene(chance)
        config = tmp_path / f"config{number}"
        config.mkdir()
        for name, text in scene.files:
            (config / name).write_text(text)
        kernel = fake_kernel(tmp_path / f"kernel{number}", scene.modules, scene.cmdline)
        for arguments in scene.calls:
            words = ["-d", str(root), "-S", release, "-C", str(config), *arguments]
            status, out = our_answer(words, kernel)
            json_status, line = our_answer(["--json", *words], kernel)
            answer = check(line.decode())
            assert (json_status, answer["status"]) == (status, status)
            shows = "-D" in arguments or "-R" in arguments or "-q" not in arguments
            if shows:
                assert answered(answer, arguments) == printed(out), (arguments, scene)
                seen += len(printed(out))
    assert seen > 80
