"""Keyrings in every form, and cleartext signatures that hold or do not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from registry.signatures.gnupg_keys import make_key
from registry.signatures.openpgp_keys import (
    armored,
    clearsigned,
    keybox,
    new_key,
    public,
    revoked,
    with_leading_zeros,
)

from steersman.registry.errors import InvalidTrust
from steersman.registry.signatures.keybox import KeyboxError, keys_of_keybox
from steersman.registry.signatures.openpgp import BadSignature, Flaw, read_keyring, verify_cleartext

NOW = datetime.now(UTC)
ANN = new_key()
BOB = new_key("Bob <bob@example.com>", rsa=True)
BRIEF = new_key("Brief <brief@example.com>", seconds=3600)
NAMES = {"Ann <ann@example.com>", "Bob <bob@example.com>"}
EPHEMERAL = 2
SIGNED = clearsigned(ANN, "hello: 1\n- dash\n")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(public(ANN, BOB), id="binary"),
        pytest.param(armored(ANN) + armored(BOB), id="armored, concatenated"),
        pytest.param(b"\n" + armored(ANN) + b"\n\n" + armored(BOB), id="armored, with space between"),
        pytest.param(bytes(ANN) + bytes(BOB), id="with secret keys"),
        pytest.param(keybox((2, 0, public(ANN)), (0, 0, b""), (3, 0, b"x509"), (2, 0, public(BOB))), id="keybox"),
        pytest.param(keybox((2, 0, public(ANN, BOB)), (2, EPHEMERAL, b"half a key")), id="keybox, half written"),
    ],
)
def test_a_keyring_is_read_in_every_form(data):
    found = read_keyring(data, "here")
    assert {str(user) for key in found for user in key.user_ids} == NAMES


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        pytest.param(b"", "here holds no OpenPGP key", id="empty"),
        pytest.param(b"garbage", "here holds no OpenPGP keyring: unexpected EOF", id="garbage"),
        pytest.param(public(ANN)[:-9], "here holds no OpenPGP keyring: Malformed packet: Truncated packet", id="cut"),
        pytest.param(keybox(), "here holds no OpenPGP keyring: the keybox has no OpenPGP key", id="empty keybox"),
    ],
)
def test_what_is_no_keyring_is_refused(data, problem):
    with pytest.raises(InvalidTrust) as caught:
        read_keyring(data, "here")
    assert caught.value.message == problem
    assert caught.value.hint == "export the keys that may sign: gpg --export >pubring.gpg"


WHOLE = keybox((2, 0, public(ANN)))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        pytest.param(WHOLE + b"\x00\x00", "the keybox ends within a blob, at byte", id="cut header"),
        pytest.param(WHOLE[:-1], "the keybox has a blob of", id="cut blob"),
        pytest.param(WHOLE + b"\x00\x00\x00\x07\x02\x01\x00\x00", "the keybox has a blob of 7 bytes", id="short blob"),
        pytest.param(
            WHOLE + b"\x00\x00\x00\x08\x02\x01\x00\x00", "the keybox has a key without a place", id="no place"
        ),
        pytest.param(
            WHOLE + b"\x00\x00\x00\x10\x02\x01\x00\x00\x00\x00\x00\x10\x00\x00\x00\x01",
            "the keybox has a key that is not within its blob",
            id="place elsewhere",
        ),
    ],
)
def test_a_damaged_keybox_is_refused(data, problem):
    with pytest.raises(KeyboxError) as caught:
        keys_of_keybox(data)
    assert str(caught.value).startswith(problem)


@pytest.mark.parametrize("key", [ANN, BOB], ids=["Ed25519", "RSA"])
def test_a_signature_by_a_key_of_the_keyring_holds(key):
    found = verify_cleartext(clearsigned(key, "hello: 1\n- dash\n"), read_keyring(public(ANN, BOB), "here"), NOW)
    assert found.content.decode() == "hello: 1\n- dash\n"
    assert found.fingerprint == key.extract_certificate().fingerprint.upper()
    assert set(found.signers) <= NAMES


def test_only_what_is_within_the_signed_message_counts():
    around = b"evil: 1\n" + SIGNED + b"evil: 2\n" + clearsigned(BOB, "evil: 3\n")
    assert verify_cleartext(around, read_keyring(public(ANN), "here"), NOW).content == b"hello: 1\n- dash\n"


def test_signatures_of_old_helms_whose_numbers_begin_with_zero_bits_hold():
    written = (with_leading_zeros(clearsigned(BOB, f"try: {number}\n")) for number in range(64))
    old = next(message for message in written if message is not None)
    assert verify_cleartext(old, read_keyring(public(BOB), "here"), NOW).signers == ("Bob <bob@example.com>",)


FINGERPRINT = ANN.extract_certificate().fingerprint.upper()


@pytest.mark.parametrize(
    ("text", "keyring", "flaw", "detail"),
    [
        pytest.param(SIGNED, public(BOB), Flaw.UNKNOWN_KEY, None, id="another keyring"),
        pytest.param(
            SIGNED.replace(b"hello", b"hallo"), public(ANN), Flaw.BROKEN, "Ann <ann@example.com>", id="changed"
        ),
        pytest.param(SIGNED, revoked(ANN), Flaw.REVOKED, "Ann <ann@example.com>", id="revoked"),
        pytest.param(b"hello: 1\n", public(ANN), Flaw.ABSENT, "", id="unsigned"),
        pytest.param(b"", public(ANN), Flaw.ABSENT, "", id="empty"),
        pytest.param(SIGNED[:-40], public(ANN), Flaw.ABSENT, "", id="cut"),
        pytest.param(
            SIGNED[: SIGNED.index(b"-----BEGIN PGP SIGNATURE")]
            + b"-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n",
            public(ANN),
            Flaw.UNREADABLE,
            None,
            id="no signature",
        ),
    ],
)
def test_what_does_not_hold_is_told_apart(text, keyring, flaw, detail):
    with pytest.raises(BadSignature) as caught:
        verify_cleartext(text, read_keyring(keyring, "here"), NOW)
    assert caught.value.flaw is flaw
    if detail is not None:
        assert caught.value.detail == detail


def test_a_key_that_is_too_weak_is_named():
    weak = make_key("W <w@example.com>", bits=1024)
    with pytest.raises(BadSignature) as caught:
        verify_cleartext(weak.clearsign("a: 1\n"), read_keyring(weak.public, "here"), NOW)
    assert caught.value.flaw is Flaw.WEAK
    assert caught.value.detail.startswith("RSA1024 is not considered secure since 2014")


@pytest.mark.parametrize("kind", ["rsa", "ed"])
def test_a_primary_key_that_signs_as_gnupg_makes_it(kind):
    key = make_key("G <g@example.com>", kind=kind)
    for keyring in (key.public, key.armored, keybox((2, 0, key.public))):
        found = verify_cleartext(key.clearsign("a: 1\n"), read_keyring(keyring, "here"), NOW)
        assert (found.content, found.fingerprint) == (b"a: 1", key.fingerprint)


def test_a_key_that_expired_since_counts_no_more():
    signed, keys = clearsigned(BRIEF, "a: 1\n"), read_keyring(public(BRIEF), "here")
    assert verify_cleartext(signed, keys, NOW)
    later = NOW + timedelta(hours=2)
    with pytest.raises(BadSignature) as caught:
        verify_cleartext(signed, keys, later)
    assert caught.value.flaw is Flaw.EXPIRED
    assert str(caught.value).startswith("it is signed by a key that has expired (Brief <brief@example.com>, on 20")
