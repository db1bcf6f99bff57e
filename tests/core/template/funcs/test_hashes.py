"""Hashes against the algorithms' own implementations; ciphers by their round trip."""

import bcrypt
import pytest

from steersman.core.template.funcs import hashes
from steersman.core.template.funcs.registry import FunctionError

from .conftest import StandIn


def test_bcrypt_is_verified_by_the_library(runtime: StandIn) -> None:
    hashed = hashes.bcrypt(runtime, "secret")
    assert hashed.startswith("$2a$10$")
    assert bcrypt.checkpw(b"secret", hashed.encode())


def test_bcrypt_refuses_long_passwords_in_words(runtime: StandIn) -> None:
    assert hashes.bcrypt(runtime, "x" * 73).endswith("bcrypt: password length exceeds 72 bytes")


def test_the_salt_comes_from_the_entropy_given() -> None:
    assert hashes.bcrypt(StandIn(), "x") == hashes.bcrypt(StandIn(), "x")


def test_htpasswd(runtime: StandIn) -> None:
    user, _, hashed = hashes.htpasswd(runtime, "admin", "secret").partition(":")
    assert user == "admin"
    assert bcrypt.checkpw(b"secret", hashed.encode())
    assert hashes.htpasswd(runtime, "a:b", "secret") == "invalid username: a:b"


@pytest.mark.parametrize(
    ("counter", "kind", "password"),
    [
        pytest.param(1, "long", "ZedaFaxcZaso9*", id="long"),
        pytest.param(2, "long", "Fovi2@JifpTupx", id="next"),
        pytest.param(1, "maximum", "pf4zS1LjCg&LjhsZ7T2~", id="maximum"),
        pytest.param(1, "pin", "6685", id="pin"),
        pytest.param(1, "nope", "cannot find password template nope", id="unknown"),
    ],
)
def test_derived_passwords(counter: int, kind: str, password: str) -> None:
    assert hashes.derive_password(counter, kind, "password", "user", "example.com") == password


@pytest.mark.parametrize("text", ["x", "héllo", "sixteen bytes!!!", "\udcff"])
def test_aes_round_trip(text: str, runtime: StandIn) -> None:
    encrypted = hashes.encrypt_aes(runtime, "key", text)
    assert encrypted != text
    assert hashes.decrypt_aes("key", encrypted) == text


def test_aes_reads_what_helm_wrote() -> None:
    assert hashes.decrypt_aes("secretkey", "30tEfhuJSVRhpG97XCuWgz2okj7L8vQ1s6V9zVUPeDQ=") == "plaintext"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("!", "illegal base64 data at input byte 0", id="base64"),
        pytest.param("YWJj", "slice bounds out of range", id="short"),
        pytest.param("YWJjZGVmZ2hpamtsbW5vcHFy", "input not full blocks", id="blocks"),
        pytest.param("YWJjZGVmZ2hpamtsbW5vcA==", "index out of range", id="empty"),
    ],
)
def test_aes_errors(text: str, message: str) -> None:
    with pytest.raises(FunctionError, match=message):
        hashes.decrypt_aes("key", text)


def test_aes_of_nothing_is_nothing(runtime: StandIn) -> None:
    assert hashes.encrypt_aes(runtime, "key", "") == hashes.decrypt_aes("key", "") == ""
