"""The demo, whole, in the real kernel; and the README shows what it really prints."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.lab


def normal(text: str) -> str:
    """Return the text with what differs from kernel to kernel and run to run made the same."""
    text = re.sub(r"0x[0-9a-f]{8,}", "ADDRESS", text)
    text = re.sub(r"\b\d+\.\d+\.\d+\b", "RELEASE", text)
    text = re.sub(r"[ \t]+", " ", text)
    text = re.sub(r"\d{2,}", "N", text)
    return "\n".join(line.strip() for line in text.strip().splitlines())


def test_every_step_does_what_it_says_and_the_readme_shows_it() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/demo.py"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All 8 steps did what they say." in done.stdout
    match = re.search(r"```text\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    assert match is not None
    assert normal(done.stdout) == normal(match.group(1))
