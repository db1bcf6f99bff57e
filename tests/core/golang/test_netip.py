"""net/netip: addresses and what Go says about texts that are none."""

from __future__ import annotations

import pytest

from steersman.core.golang.netip import Address, AddressError, parse_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("1.2.3.4", Address(is_ipv4=True, zone="")),
        ("::", Address(is_ipv4=False, zone="")),
        ("1:2:3:4:5:6:7:8", Address(is_ipv4=False, zone="")),
        ("1:2:3:4:5:6:1.2.3.4", Address(is_ipv4=False, zone="")),
        ("fe80::1%eth0", Address(is_ipv4=False, zone="eth0")),
    ],
)
def test_addresses(text: str, address: Address) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "unable to parse IP"),
        ("%a", "missing IPv6 address"),
        ("1.2.3", "IPv4 address too short"),
        ("1.2.3.4.5", "IPv4 address too long"),
        ("1.2.3.256", "IPv4 field has value >255"),
        ("1.2.3.04", "IPv4 field has octet with leading zero"),
        ("1.2..4", 'IPv4 field must have at least one digit (at ".4")'),
        ("1.2.x.4", 'unexpected character (at "x.4")'),
        ("::1%", "zone must be a non-empty string"),
        ("::g", 'each colon-separated field must have at least one digit (at "g")'),
        ("12345::", 'each group must have 4 or less digits (at "12345::")'),
        ("1:", 'colon must be followed by more characters (at ":")'),
        ("1::2 ", 'unexpected character, want colon (at " ")'),
        ("::1::", 'multiple :: in address (at ":")'),
        ("1:2:3:4:5:6:7", "address string too short"),
        ("1:2:3:4:5:6:7:8:9", 'trailing garbage after address (at "9")'),
        ("1:2:3:4:5:6:7::8", "the :: must expand to at least one field of zeros"),
        ("::1:2:3:4:5:6:7:1.2.3.4", "too many hex fields to fit an embedded IPv4 at the end of the address "
         '(at "1.2.3.4")'),
        ("1:2:3:4:5:1.2.3.4", "embedded IPv4 address must replace the final 2 fields of the address "
         '(at "1.2.3.4")'),
    ],
)  # fmt: skip
def test_no_addresses(text: str, message: str) -> None:
    with pytest.raises(AddressError) as raised:
        parse_address(text)
    assert str(raised.value) == f'ParseAddr("{text}"): {message}'
