from __future__ import annotations

from pathlib import Path

from tests.lab.contract import Contract


class TestUml(Contract):
    def kernel(self) -> str:
        return "uml"

    def open_kernel(self, directory: Path) -> str:
        return "uml"
