"""The text that ``modinfo`` prints (kmod: tools/modinfo.c; the signature's records: ``kmod_module_get_info``)."""

from __future__ import annotations

from lkm.modfile.modinfo import parameters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.modfile.nouns import Parameter, Signature

    Pairs = tuple[tuple[str, str], ...]

_WIDTH = 16
_BYTES_A_LINE = 20


def line(key: str, value: str, end: str = "\n") -> str:
    r"""Return one record: for people the value in column 17, or right after the key when that is longer.

    A record that ends in a zero byte is for programs: ``key=value``, whatever the key (kmod does that for some only).

    >>> line("license", "GPL"), line("a_key_of_20_letters_", "x"), line("parm", "a:A", "\0")
    ('license:        GPL\n', 'a_key_of_20_letters_:x\n', 'parm=a:A\x00')
    """
    return f"{key}={value}{end}" if end == "\0" else f"{key}:".ljust(_WIDTH) + value + end


def listing(pairs: Pairs, end: str = "\n") -> str:
    """Return all records, the parameters last, each as ``line`` has it."""
    rows = [line(key, value, end) for key, value in pairs if key not in ("parm", "parmtype")]
    rows += [line("parm", _parameter(parameter, alone=False), end) for parameter in _last_first(pairs)]
    return "".join(rows)


def field(pairs: Pairs, key: str, end: str = "\n") -> str:
    """Return the values of all records of that key, in any case; for ``parm`` the parameters with their types.

    modinfo(8) says that field names are case-insensitive; kmod's are not.
    """
    key = key.lower()
    if key == "parm":
        values = [_parameter(parameter, alone=True) for parameter in _last_first(pairs)]
    else:
        values = [value for name, value in pairs if name.lower() == key]
    return "".join([value + end for value in values])


def signature_records(signature: Signature | None) -> Pairs:
    """Return the records that a signature adds after those of ``.modinfo``."""
    if signature is None:
        return ()
    return (
        ("sig_id", signature.id_type),
        ("signer", signature.signer),
        ("sig_key", hexadecimal(signature.key_id)),
        ("sig_hashalgo", signature.hash_algorithm),
        ("signature", hexadecimal(signature.signature)),
    )


def hexadecimal(data: bytes) -> str:
    r"""Return bytes in hexadecimal, 20 a line, the lines after the first indented by two tabs.

    >>> hexadecimal(bytes(range(9, 12))), hexadecimal(bytes(21))[-8:]
    ('09:0A:0B', '00:\n\t\t00')
    """
    text, step = data.hex(":").upper(), 3 * _BYTES_A_LINE
    return "\n\t\t".join([text[at : at + step] for at in range(0, len(text), step)])


def _last_first(pairs: Pairs) -> tuple[Parameter, ...]:
    return parameters(pairs)[0][::-1]


def _parameter(parameter: Parameter, *, alone: bool) -> str:
    """Return ``name:description (type)``. Without description the form differs in a listing."""
    if parameter.description is None:
        return f"{parameter.name}: ({parameter.type})" if alone else f"{parameter.name}:{parameter.type}"
    kind = "" if parameter.type is None else f" ({parameter.type})"
    return f"{parameter.name}:{parameter.description}{kind}"
