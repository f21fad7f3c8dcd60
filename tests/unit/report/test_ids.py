from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkm.report.ids import brief, short


@pytest.mark.parametrize(
    ("alias", "said"),
    [
        ("pci:v00008086d00001237sv00001AF4sd00001100bc06sc00i00", "pci 8086:1237"),
        ("pci:v00001912d*sv*sd*bc*sc*i*", "pci 1912:*"),
        ("pci:v*d*sv*sd*bc01sc06i01*", "pci class 010601"),
        ("pci:v*d*sv*sd*bc03sc*i*", "pci class 03"),
        ("usb:v*p*d*dc*dsc*dp*ic08isc06ip50in*", "usb interface class 080650"),
        ("usb:v*p*d*dc09dsc*dp*ic*isc*ip*in*", "usb class 09"),
        ("usb:v1D6Bp0002d0601dc09dsc00dp00ic09isc00ip00in00", "usb 1d6b:0002"),
        ("pci:v*d*sv*sd*bc*sc*i*", "pci:v*d*sv*sd*bc*sc*i*"),
        ("pci:odd", "pci:odd"),
        ("virtio:d00000005v*", "virtio:d00000005v*"),
    ],
)
def test_ids(alias: str, said: str) -> None:
    assert brief(alias) == said


@given(st.text("pciusb:vdsbcn*019A\x1b", max_size=90))
def test_any_text(alias: str) -> None:
    assert brief(alias).isprintable() or alias == ""
    assert len(short(alias)) <= 72
