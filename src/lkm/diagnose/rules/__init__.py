"""One disease, one rule, one file, named for the disease; its docstring is the manual page.

A rule is ``find(evidence)``, which yields findings; ``CODE`` is its stable name, ``ERRNOS`` what the kernel answers
to it. Where the kernel has answered something else, the rule is not asked.
"""
