"""One disease, one rule, one file, named for the disease; its docstring is the manual page.

A rule is ``find(case)``, which yields flaws; ``CODE`` is its stable name. ``NEEDS_TREE``: it is asked only where
there is a module tree.
"""
