from __future__ import annotations

from lkm.modfile.nouns import Signature
from lkm.report.modinfo import field, hexadecimal, listing, signature_records

PAIRS = (
    ("parm", "a:A"),
    ("author", "me"),
    ("parmtype", "b:bool"),
    ("parmtype", "a:int"),
    ("parm", "c:C:more"),
    ("fifteen_letters", "x"),
    ("parm", "bad"),
)


def test_listing_has_the_parameters_last_and_in_reverse() -> None:
    assert listing(PAIRS) == (
        "author:         me\n"
        "fifteen_letters:x\n"
        "parm:           c:C:more\n"
        "parm:           b:bool\n"
        "parm:           a:A (int)\n"
    )


def test_listing_with_zero_bytes() -> None:
    assert listing(PAIRS[:2], "\0") == "author=me\0parm=a:A\0"


def test_field() -> None:
    assert field(PAIRS, "author") == "me\n"
    assert field(PAIRS, "Author") == "me\n"
    assert field((("Odd", "x"),), "oDD") == "x\n"
    assert field(PAIRS, "PARM") == field(PAIRS, "parm")
    assert field(PAIRS, "parm", "\0") == "c:C:more\0b: (bool)\0a:A (int)\0"
    assert field(PAIRS, "parmtype") == "b:bool\na:int\n"


def test_signature_records() -> None:
    assert signature_records(None) == ()
    records = signature_records(Signature("PKCS#7", "Me", b"\1\2", "sha256", bytes(range(21)), 0))
    assert records[:4] == (("sig_id", "PKCS#7"), ("signer", "Me"), ("sig_key", "01:02"), ("sig_hashalgo", "sha256"))
    assert records[4][1].endswith(":13:\n\t\t14")


def test_hexadecimal_wraps_between_lines_only() -> None:
    assert hexadecimal(b"") == ""
    assert hexadecimal(bytes(20)) == "00" + ":00" * 19
    assert hexadecimal(bytes(40)) == ("00" + ":00" * 19) + ":\n\t\t" + ("00" + ":00" * 19)
