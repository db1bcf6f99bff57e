"""What a `verify` block and its Secrets become, and what is said of those that cannot be used."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from pysequoia import Tsk

from steersman.core.verification import OidcIdentity, SignedByKey, SignedProvenance
from steersman.errors import SourceError
from steersman.registry.errors import InvalidTrust, InvalidVerification
from steersman.registry.signatures.model import (
    MAX_KEYRING_BYTES,
    MAX_KEYRINGS,
    MAX_KEYS,
    SecretData,
    by_identities,
    by_keys,
    by_provenance,
)

KEY = ec.generate_private_key(ec.SECP256R1())
KEYRING = bytes(Tsk.generate("Ann <ann@example.com>").extract_certificate())
GITHUB = ("^https://token.actions.githubusercontent.com$", "^https://github.com/org/")


def pem(key) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def secret(**entries: bytes) -> SecretData:
    return SecretData("trust", {name.replace("_pub", ".pub"): data for name, data in entries.items()})


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(KEY, id="P-256"),
        pytest.param(ec.generate_private_key(ec.SECP384R1()), id="P-384"),
        pytest.param(ec.generate_private_key(ec.SECP521R1()), id="P-521"),
        pytest.param(rsa.generate_private_key(65537, 2048), id="RSA"),
        pytest.param(ed25519.Ed25519PrivateKey.generate(), id="Ed25519"),
    ],
)
def test_keys_that_cosign_makes_are_taken(key):
    assert [key.name for key in by_keys(secret(cosign_pub=pem(key))).keys] == ["cosign.pub"]


def test_every_entry_that_ends_in_pub_is_a_key():
    found = by_keys(SecretData("trust", {"b.pub": pem(KEY), "a.pub": pem(KEY), "password": b"x", "empty.pub": b""}))
    assert [key.name for key in found.keys] == ["a.pub", "b.pub"]


def test_verifications_of_equal_secrets_are_equal():
    assert by_keys(secret(cosign_pub=pem(KEY))) == by_keys(secret(cosign_pub=pem(KEY), other=b"x"))
    assert len({by_keys(secret(cosign_pub=pem(KEY))), by_keys(secret(other_pub=pem(KEY)))}) == 2


def test_identities_are_kept_as_written():
    found = by_identities([GITHUB], SecretData("root", {"trusted_root.json": b"{}"}))
    assert found.identities == (OidcIdentity(*GITHUB),)
    assert found.trusted_root == b"{}"


def test_without_a_trusted_root_the_public_one_is_meant():
    assert by_identities([GITHUB]).trusted_root == b""


@pytest.mark.parametrize("name", ["pubring.gpg", "ann.asc", "ann.pgp"])
def test_keyrings_are_found_by_their_endings(name):
    assert by_provenance(SecretData("trust", {name: KEYRING, "other": b"x"})) == SignedProvenance((KEYRING,))


def private_pem(key) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


_REFUSED = [
    pytest.param(
        lambda: by_keys(secret(other=b"x")),
        InvalidTrust,
        "Secret trust has no public key: no entry ends in .pub (put what `cosign generate-key-pair` wrote into it: "
        "kubectl create secret generic trust --from-file=cosign.pub --dry-run=client -o yaml | kubectl apply -f -)",
        id="no key",
    ),
    pytest.param(
        lambda: by_keys(secret(cosign_pub=b"ssh-rsa AAAA")),
        InvalidTrust,
        "entry cosign.pub of Secret trust is no public key in PEM form (it begins with -----BEGIN PUBLIC KEY-----, as "
        "cosign.pub does)",
        id="no PEM",
    ),
    pytest.param(
        lambda: by_keys(secret(cosign_pub=private_pem(KEY))),
        InvalidTrust,
        "entry cosign.pub of Secret trust is a private key (replace it by the public one, and consider it known)",
        id="private key",
    ),
    pytest.param(
        lambda: by_keys(secret(cosign_pub=pem(dsa.generate_private_key(2048)))),
        InvalidTrust,
        "entry cosign.pub of Secret trust is a key of a kind that is not trusted (use ECDSA on P-256, P-384 or P-521, "
        "RSA of at least 2048 bits, or Ed25519)",
        id="DSA",
    ),
    pytest.param(
        lambda: by_keys(secret(cosign_pub=pem(ec.generate_private_key(ec.SECP256K1())))),
        InvalidTrust,
        "entry cosign.pub of Secret trust is a key of a kind that is not trusted (use ECDSA on P-256, P-384 or P-521, "
        "RSA of at least 2048 bits, or Ed25519)",
        id="another curve",
    ),
    pytest.param(
        lambda: by_keys(secret(**{f"k{number}_pub": pem(KEY) for number in range(MAX_KEYS + 1)})),
        InvalidTrust,
        "Secret trust has 33 public keys; at most 32 are tried",
        id="too many keys",
    ),
    pytest.param(
        lambda: by_identities([]),
        InvalidVerification,
        "spec.chart.verify names neither keys nor identities, so that anybody's signature would do (set secretRef to a "
        "Secret of public keys, or matchOIDCIdentity to who may sign)",
        id="nothing demanded",
    ),
    pytest.param(
        lambda: by_identities([GITHUB, ("issuer", "")]),
        InvalidVerification,
        "spec.chart.verify.matchOIDCIdentity[1].subject is empty, which every identity matches (write who may sign)",
        id="empty subject",
    ),
    pytest.param(
        lambda: by_identities([("(", "subject")]),
        InvalidVerification,
        "spec.chart.verify.matchOIDCIdentity[0].issuer: '(' is no Go regular expression: error parsing regexp: missing "
        "closing ): `(` (correct the pattern)",
        id="bad pattern",
    ),
    pytest.param(
        lambda: by_identities([GITHUB], SecretData("root", {"root.json": b"{}"})),
        InvalidTrust,
        "Secret root has no entry trusted_root.json (put what `cosign trusted-root create` wrote into it, or leave "
        "trustedRootSecretRef out for the public Sigstore instance)",
        id="no trusted root",
    ),
    pytest.param(
        lambda: by_identities([GITHUB], SecretData("root", {"trusted_root.json": b"[]"})),
        InvalidTrust,
        "trusted_root.json of Secret root is no JSON object: Expected `object`, got `array`",
        id="trusted root of another shape",
    ),
    pytest.param(
        lambda: by_provenance(SecretData("team/trust", {"keys": KEYRING})),
        InvalidTrust,
        "Secret team/trust has no OpenPGP keyring: no entry ends in one of .gpg, .kbx, .pgp, .asc (export the keys "
        "that may sign: gpg --export >pubring.gpg; kubectl create secret generic trust -n team --from-file=pubring.gpg "
        "--dry-run=client -o yaml | kubectl apply -f -)",
        id="no keyring",
    ),
    pytest.param(
        lambda: by_provenance(SecretData("trust", {"pubring.gpg": b"no keyring"})),
        InvalidTrust,
        "entry pubring.gpg of Secret trust holds no OpenPGP keyring: unexpected EOF (export the keys that may sign: "
        "gpg --export >pubring.gpg)",
        id="unreadable keyring",
    ),
    pytest.param(
        lambda: by_provenance(SecretData("trust", {"pubring.gpg": bytes(MAX_KEYRING_BYTES + 1)})),
        InvalidTrust,
        "entry pubring.gpg of Secret trust has 131073 bytes; at most 131072 are read (export the keys that may sign, "
        "no more: gpg --export-options export-minimal --export KEY)",
        id="keyring too large",
    ),
    pytest.param(
        lambda: by_provenance(SecretData("trust", {f"k{number}.gpg": KEYRING for number in range(MAX_KEYRINGS + 1)})),
        InvalidTrust,
        "Secret trust has 33 keyrings; at most 32 are read",
        id="too many keyrings",
    ),
]


@pytest.mark.parametrize(("make", "kind", "message"), _REFUSED)
def test_what_cannot_be_used_is_refused_with_what_to_do(
    make: Callable[[], object], kind: type[SourceError], message: str
):
    with pytest.raises(kind) as caught:
        make()
    assert str(caught.value) == message


def test_nothing_of_a_key_is_shown():
    verification: SignedByKey = by_keys(secret(cosign_pub=pem(KEY)))
    assert "BEGIN" not in repr(verification)
