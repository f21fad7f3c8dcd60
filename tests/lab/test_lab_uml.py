from __future__ import annotations

from pathlib import Path

from tests.lab.contract import Contract


class TestUml(Contract):
    seconds = 1.0

    def kernel(self) -> str:
        return "uml"

    def open_kernel(self, directory: Path) -> str:
        return "uml"
