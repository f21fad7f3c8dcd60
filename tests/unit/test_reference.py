"""The reference, the manual pages and the completions are what the option tables say now."""

from __future__ import annotations

import pytest
from scripts import reference

from lkm.cli.main import TOOLS


def test_files_are_as_the_tables_say() -> None:
    made = reference.files()
    there = {path for directory in reference.WHOLE for path in directory.iterdir()}
    stale = sorted(str(path) for path, text in made.items() if not path.exists() or path.read_text() != text)
    assert stale == [], "run: .venv/bin/python -m scripts.reference"
    assert there <= set(made)


@pytest.mark.parametrize("tool", TOOLS)
def test_each_option_is_on_the_pages(tool: str) -> None:
    page, manual = reference.page_of(tool), reference.manual(tool)
    for option in reference.table_of(tool)[1]:
        if option.long:
            assert f"--{option.long}" in page
            assert f"\\-\\-{option.long}".replace("-", "\\-").replace("\\\\", "\\") in manual or option.long == "help"
        assert option.help.replace("|", "\\|") in page
