"""``lkm show``: another name of ``lkm info``."""

from lkm.cli.info import OPTIONS, USAGE, main

__all__ = ["OPTIONS", "USAGE", "main"]
