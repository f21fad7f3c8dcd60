"""The documentation site builds without a complaint and without a network, and asks for nothing when it is read."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.docstrings import fenced

ROOT = Path(__file__).parents[2]


def test_the_site_builds_and_needs_no_network(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts/docstrings.py", tmp_path / "scripts")
    command = [str(Path(sys.executable).parent / "zensical"), "build", "--strict", "--config-file", "mkdocs.yml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    pages = sorted((tmp_path / "build/site").rglob("*.html"))
    assert len(pages) > 50
    loaded = re.compile(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=[\"']?(?:https?:)?//[^\"'> ]+")
    assert [(page.name, match[0]) for page in pages for match in loaded.finditer(page.read_text())] == []


def test_docstrings_become_markdown() -> None:
    text = "Add, as :class:`x.Sum` does.\n\n>>> 1 + 1\n2\n\nMore.\n\n>>> 3\n3"
    fences = "Add, as `x.Sum` does.\n\n```pycon\n>>> 1 + 1\n2\n```\n\nMore.\n\n```pycon\n>>> 3\n3\n```"
    assert fenced(text) == fences
