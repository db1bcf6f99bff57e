"""Certificates, read back by the library: what they say, who signed them, and what is refused."""

from base64 import b64encode
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from steersman.core.template.funcs import certificates
from steersman.core.template.funcs.certificates import Certificate
from steersman.core.template.funcs.registry import FunctionError

from .conftest import StandIn

START = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def key() -> str:
    return certificates.gen_private_key("ecdsa")


@pytest.fixture(scope="module")
def authority(key: str) -> Certificate:
    return certificates.gen_ca_with_key(StandIn(), "ca", 365, key)


def read(certificate: Certificate) -> x509.Certificate:
    return x509.load_pem_x509_certificate(certificate.Cert.encode())


@pytest.mark.parametrize(
    ("kind", "header", "type_"),
    [
        pytest.param("ecdsa", "EC PRIVATE KEY", ec.EllipticCurvePrivateKey, id="ecdsa"),
        pytest.param("ed25519", "PRIVATE KEY", ed25519.Ed25519PrivateKey, id="ed25519"),
    ],
)
def test_private_keys(kind: str, header: str, type_: type) -> None:
    pem = certificates.gen_private_key(kind)
    assert pem.startswith(f"-----BEGIN {header}-----\n")
    assert isinstance(load_pem_private_key(pem.encode(), None), type_)


def test_unknown_kind_of_key() -> None:
    assert certificates.gen_private_key("rsax") == "Unknown type rsax"


def test_authority(authority: Certificate, key: str) -> None:
    certificate = read(authority)
    assert certificate.subject.rfc4514_string() == certificate.issuer.rfc4514_string() == "CN=ca"
    assert certificate.not_valid_before_utc == START
    assert (certificate.not_valid_after_utc - START).days == 365
    assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.key_cert_sign, usage.digital_signature, usage.key_encipherment, usage.crl_sign) == (
        True,
        True,
        True,
        False,
    )
    assert authority.Key == key


def test_signed_certificate(authority: Certificate, key: str, runtime: StandIn) -> None:
    names, addresses = ["a.example", "b.example"], ["10.0.0.1", "::1", "::ffff:10.0.0.2"]
    certificate = read(certificates.gen_signed_with_key(runtime, "leaf", addresses, names, 10, authority, key))
    certificate.verify_directly_issued_by(read(authority))
    alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert alternatives.get_values_for_type(x509.DNSName) == names
    assert alternatives.get_values_for_type(x509.IPAddress) == [
        ip_address("10.0.0.1"),
        ip_address("::1"),
        ip_address("10.0.0.2"),
    ]
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    identifier = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    own = read(authority).extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert identifier.key_identifier == own.digest


def test_new_keys_are_rsa(runtime: StandIn) -> None:
    made = certificates.gen_self_signed(runtime, "x", None, None, 1)
    loaded = load_pem_private_key(made.Key.encode(), None)
    assert isinstance(loaded, rsa.RSAPrivateKey)
    assert loaded.key_size == 2048
    assert read(made).public_key() == loaded.public_key()


def test_long_common_names_are_taken_as_go_takes_them(key: str, runtime: StandIn) -> None:
    name = "a" * 70 + ".svc"
    authority = certificates.gen_ca_with_key(runtime, name, 1, key)
    signed = read(certificates.gen_signed_with_key(runtime, name, None, None, 1, authority, key))
    with pytest.warns(UserWarning, match="^Attribute's length must be"):
        assert signed.subject.rfc4514_string() == signed.issuer.rfc4514_string() == f"CN={name}"


def test_a_nameless_certificate_makes_its_alternatives_critical(key: str, runtime: StandIn) -> None:
    certificate = read(certificates.gen_self_signed_with_key(runtime, "", None, ["a.example"], 1, key))
    assert certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).critical


def test_custom_certificate(authority: Certificate) -> None:
    cert, key = (b64encode(text.encode()).decode() for text in (authority.Cert, authority.Key))
    assert certificates.build_custom_cert(cert, key) == authority


@pytest.mark.parametrize(
    ("cert", "key", "message"),
    [
        pytest.param("!", "", "unable to decode base64 certificate", id="certificate-base64"),
        pytest.param("", "!", "unable to decode base64 private key", id="key-base64"),
        pytest.param("YQ==", "YQ==", "unable to decode certificate", id="no-pem"),
    ],
)
def test_custom_certificate_refused(cert: str, key: str, message: str) -> None:
    with pytest.raises(FunctionError, match=f"^{message}$"):
        certificates.build_custom_cert(cert, key)


@pytest.mark.parametrize(
    ("pem", "message"),
    [
        pytest.param("nothing", "parsing private key: no PEM data in input", id="no-pem"),
        pytest.param(
            "-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----",
            "parsing private key: no private key data in PEM block of type CERTIFICATE",
            id="certificate",
        ),
        pytest.param(
            "-----BEGIN X PRIVATE KEY-----\nYQ==\n-----END X PRIVATE KEY-----",
            "parsing private key: invalid private key type X PRIVATE KEY",
            id="unknown",
        ),
    ],
)
def test_keys_refused(pem: str, message: str, runtime: StandIn) -> None:
    with pytest.raises(FunctionError, match=f"^{message}$"):
        certificates.gen_ca_with_key(runtime, "x", 1, pem)


@pytest.mark.parametrize(
    ("addresses", "names", "message"),
    [
        pytest.param(["bad"], None, "error parsing ip: bad", id="address"),
        pytest.param(["fe80::1%eth0"], None, "error parsing ip: fe80::1%eth0", id="scope"),
        pytest.param([1], None, "error parsing ip: 1 is not a string", id="address-type"),
        pytest.param(None, [2.5], "error processing alternate dns name: 2.5 is not a string", id="name-type"),
        pytest.param(
            None, ["é"], 'error creating certificate: x509: "é" cannot be encoded as an IA5String', id="ascii"
        ),
    ],
)
def test_alternatives_refused(addresses: list[object], names: list[object], message: str, runtime: StandIn) -> None:
    with pytest.raises(FunctionError, match=f"^{message}$"):
        certificates.gen_self_signed(runtime, "x", addresses, names, 1)


def test_a_foreign_key_does_not_sign(authority: Certificate, runtime: StandIn) -> None:
    other = Certificate(authority.Cert, certificates.gen_private_key("ecdsa"))
    with pytest.raises(FunctionError, match="provided PrivateKey doesn't match parent's PublicKey"):
        certificates.gen_signed(runtime, "x", None, None, 1, other)


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        pytest.param("my-ca (1/2)", "PrintableString", id="printable"),
        pytest.param("*.example.com", "UTF8String", id="asterisk"),
        pytest.param("é", "UTF8String", id="letters"),
    ],
)
def test_names_are_encoded_as_go_does(name: str, encoding: str, key: str, runtime: StandIn) -> None:
    made = read(certificates.gen_ca_with_key(runtime, name, 1, key))
    assert [attribute._type.name for attribute in made.subject] == [encoding]
