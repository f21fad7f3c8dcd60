"""Load, unload, find, watch and explain Linux loadable kernel modules.

Importing this package imports nothing else; the rooms are listed in ``docs/architecture.md``.
"""

__all__ = ["__version__"]
__version__ = "0.1.0"
