"""``.modinfo``: ``key=value`` records, each ended by a zero byte (kernel: include/linux/moduleparam.h)."""

from __future__ import annotations

from lkm.modfile.nouns import Parameter


def pairs(section: bytes) -> tuple[tuple[str, str], ...]:
    r"""Return key and value of each record in order. Padding is skipped; a record without ``=`` has an empty value.

    >>> pairs(b"license=GPL\0\0\0alias=a=b\0odd")
    (('license', 'GPL'), ('alias', 'a=b'), ('odd', ''))
    """
    records = section.decode("utf-8", "surrogateescape").split("\0")
    return tuple([(key, value) for key, _, value in [record.partition("=") for record in records if record]])


def parameters(modinfo: tuple[tuple[str, str], ...]) -> tuple[tuple[Parameter, ...], tuple[str, ...]]:
    """Join ``parm=NAME:DESCRIPTION`` and ``parmtype=NAME:TYPE`` into parameters, in order of first mention.

    Of several records for one name the last counts. Also returns the records that lack the colon.

    >>> parameters((("parm", "a:How many"), ("parmtype", "b:bool"), ("parmtype", "a:int"), ("parm", "odd")))[0]
    (Parameter(name='a', type='int', description='How many'), Parameter(name='b', type='bool', description=None))
    """
    types: dict[str, str] = {}
    texts: dict[str, str] = {}
    order: dict[str, None] = {}
    faults = []
    for key, value in [pair for pair in modinfo if pair[0] in ("parm", "parmtype")]:
        name, colon, text = value.partition(":")
        if not colon:
            faults.append(f"{key}={value}")
            continue
        order[name] = None
        (types if key == "parmtype" else texts)[name] = text
    return tuple([Parameter(name, types.get(name), texts.get(name)) for name in order]), tuple(faults)
