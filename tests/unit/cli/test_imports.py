"""What start-up imports: the plain path of each classic tool, module by module.

A new module there costs each call some 0.1 ms or more. Measure (``python -X importtime``), import it only where it is
needed if that is not always, and only then change the list in tests/golden/imports.txt.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.trees import uml_modules

GOLDEN = Path(__file__).parents[2] / "golden/imports.txt"
#: Each costs more at start-up than the work of a classic tool.
SLOW = (
    *("argparse", "asyncio", "collections", "contextlib", "ctypes", "dataclasses", "enum", "fnmatch", "functools"),
    *("inspect", "json", "logging", "pathlib", "re", "shlex", "shutil", "subprocess", "tempfile", "typing"),
)


def run(*command: str) -> tuple[int, set[str]]:
    """Run a tool in a fresh interpreter; return its status and the modules it imported beyond those of a bare one."""
    script = (
        "import sys; before = set(sys.modules); from lkm.cli.main import main; status = main(sys.argv[1:]); "
        "print('\\nMODULES', status, *(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", script, *command], capture_output=True, text=True, check=True)
    status, *modules = done.stdout.rsplit("\nMODULES ", 1)[1].split()
    assert "lkm.cli.main" in modules
    return int(status), set(modules)


def plain_path(call: str) -> list[str]:
    """Return what a call imports, sorted."""
    root, release = uml_modules()
    words = {"ROOT": str(root), "RELEASE": release, "NOWHERE": f"{root}/nowhere.ko"}
    expected = {
        "insmod --classic NOWHERE": {1},
        "rmmod --classic nowhere": {1},
        "lsmod": {0, 1},
    }  # lsmod: 1 where there are no modules
    status, modules = run("lkm", *[words.get(word, word) for word in call.split()])
    assert status in expected.get(call, {0})
    return sorted(modules)


CALLS = dict(line.split(": ") for line in GOLDEN.read_text().splitlines())


@pytest.mark.parametrize("call", CALLS)
def test_plain_path(call: str) -> None:
    imported = plain_path(call)
    assert sorted(set(imported) & set(SLOW)) == []
    assert [name for name in imported if name.startswith("lkm")] == CALLS[call].split()
