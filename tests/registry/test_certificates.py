"""Certificates and keys of Secrets: which can be used, and what is said of the others."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from registry.test_tls import Pair as Pair
from registry.test_tls import pair as pair  # the fixture

from steersman.registry.access import Tls
from steersman.registry.certificates import problem_of_tls

OTHER = ec.generate_private_key(ec.SECP256R1())
OTHER_KEY = OTHER.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
ENCRYPTED_KEY = OTHER.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word"))
ED25519_KEY = ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
FOREIGN = "holds a tls.key that does not belong to its tls.crt"
MakeTls = Callable[[bytes, bytes], Tls]


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        pytest.param(lambda pem, key: Tls(), "", id="nothing"),
        pytest.param(lambda pem, key: Tls(pem, pem, key), "", id="all that belongs together"),
        pytest.param(lambda pem, key: Tls("# Autorité\n".encode() + pem + pem), "", id="a bundle with comments"),
        pytest.param(lambda pem, key: Tls(b"hello"), "holds no PEM certificate in ca.crt", id="text"),
        pytest.param(lambda pem, key: Tls(b"\n"), "holds no PEM certificate in ca.crt", id="a blank line"),
        pytest.param(lambda pem, key: Tls(key), "holds no PEM certificate in ca.crt", id="a key as authority"),
        pytest.param(
            lambda pem, key: Tls(pem.replace(b"MII", b"AAA", 1)), "holds no PEM certificate in ca.crt", id="damaged"
        ),
        pytest.param(
            lambda pem, key: Tls(certificate=key, key=key), "holds no PEM certificate in tls.crt", id="no certificate"
        ),
        pytest.param(
            lambda pem, key: Tls(certificate=pem, key=pem), "holds no private key in PEM in tls.key", id="no key"
        ),
        pytest.param(lambda pem, key: Tls(certificate=pem, key=OTHER_KEY), FOREIGN, id="another's key"),
        pytest.param(lambda pem, key: Tls(certificate=pem, key=ED25519_KEY), FOREIGN, id="a key of another kind"),
        pytest.param(
            lambda pem, key: Tls(certificate=pem, key=ENCRYPTED_KEY),
            "holds an encrypted tls.key, for which there is no password",
            id="an encrypted key",
        ),
    ],
)
def test_problems(pair: Pair, make: MakeTls, problem: str) -> None:
    assert problem_of_tls(make(pair.certificate.read_bytes(), pair.key.read_bytes())) == problem
