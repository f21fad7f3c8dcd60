from __future__ import annotations

import pytest

from lkm.diagnose.rules.web_page import find
from tests.support.elfwriter import build_module
from tests.support.sick import case


@pytest.mark.parametrize(
    "start", [b"<!DOCTYPE html>\n<html>", b"\xef\xbb\xbf\n <HTML lang=x>", b'<?xml version="1.0"?>']
)
def test_html(start: bytes) -> None:
    (finding,) = find(case(start))
    assert finding.what == "the file is a web page, not a module"


@pytest.mark.parametrize("data", [b"", b"a < b", build_module()])
def test_others(data: bytes) -> None:
    assert list(find(case(data))) == []
