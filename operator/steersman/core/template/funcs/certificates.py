"""Keys and X.509 certificates: genPrivateKey, genCA, genSelfSignedCert, genSignedCert, buildCustomCert.

Certificates look like Sprig's: the subject is a common name only, key usages are fixed, serial numbers are random. Time
and serial numbers come from the runtime; the keys themselves are drawn by OpenSSL, which takes no randomness from
outside. Error texts are Sprig's, except where they would repeat what Go's ASN.1 reader found.
"""

from __future__ import annotations

import hashlib
import string
import warnings
from base64 import b64decode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, ClassVar, Final, Protocol

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.x509.name import _ASN1Type  # no public name chooses how a text is encoded
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from steersman.core.golang.format import sprint_one
from steersman.core.golang.quote import quote
from steersman.core.golang.types import GoStruct, GoValue, from_bytes
from steersman.core.template.funcs.encoding import decode_base64
from steersman.core.template.funcs.registry import INT, LIST, STRING, FunctionError, FunctionTable

TABLE = FunctionTable()

_CERTIFICATE: Final = "sprig.certificate"
_RSA_BITS: Final = 4096
_CERTIFICATE_RSA_BITS: Final = 2048
_DSA_BITS: Final = 2048
_EXPONENT: Final = 65_537
_CURVE_HASHES: Final[dict[int, hashes.SHA256 | hashes.SHA384 | hashes.SHA512]] = {
    384: hashes.SHA384(),
    521: hashes.SHA512(),
}
_SECOND: Final = 1_000_000_000
_BEGIN: Final = "-----BEGIN "
_PRINTABLE: Final = frozenset(string.ascii_letters + string.digits + " '()+,-./:=?")
"""What Go writes as a PrintableString; a name with anything else is a UTF8String."""

_PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | dsa.DSAPrivateKey
_Address = IPv4Address | IPv6Address


class World(Protocol):
    """The part of the template runtime that certificates need."""

    def clock(self) -> int:
        """Nanoseconds since 1970."""
        ...

    def entropy(self, count: int, /) -> bytes:
        """That many bytes nobody can foresee."""
        ...


@dataclass(frozen=True)
class Certificate(GoStruct):
    """Sprig's certificate: certificate and key in PEM."""

    Cert: str
    Key: str

    go_type: ClassVar[str] = _CERTIFICATE
    go_fields: ClassVar[tuple[str, ...]] = ("Cert", "Key")


@dataclass(frozen=True)
class _Request:
    """What a certificate is to say."""

    common_name: str
    days: int
    addresses: tuple[_Address, ...] = ()
    names: tuple[str, ...] = ()
    is_authority: bool = False


@dataclass(frozen=True)
class _Issuer:
    """Who signs: the certificate's own key, or an authority."""

    key: _PrivateKey
    certificate: x509.Certificate | None = None


@TABLE.function("genPrivateKey", params=(STRING,), result=STRING)
def gen_private_key(kind: str) -> str:
    """A new private key in PEM: rsa (also ""), dsa, ecdsa or ed25519."""
    key: _PrivateKey
    if kind in ("", "rsa"):
        key = rsa.generate_private_key(_EXPONENT, _RSA_BITS)
    elif kind == "dsa":
        key = dsa.generate_private_key(_DSA_BITS)
    elif kind == "ecdsa":
        key = ec.generate_private_key(ec.SECP256R1())
    elif kind == "ed25519":
        key = ed25519.Ed25519PrivateKey.generate()
    else:
        return f"Unknown type {kind}"
    return _key_pem(key)


@TABLE.function("genCA", params=(STRING, INT), result=_CERTIFICATE, runtime=True)
def gen_ca(runtime: World, common_name: str, days: int) -> Certificate:
    """A certificate authority with a new key."""
    return _issued(runtime, _Request(common_name, days, is_authority=True), _new_key())


@TABLE.function("genCAWithKey", params=(STRING, INT, STRING), result=_CERTIFICATE, runtime=True)
def gen_ca_with_key(runtime: World, common_name: str, days: int, key: str) -> Certificate:
    """A certificate authority with this key."""
    return _issued(runtime, _Request(common_name, days, is_authority=True), _given_key(key))


@TABLE.function("genSelfSignedCert", params=(STRING, LIST, LIST, INT), result=_CERTIFICATE, runtime=True)
def gen_self_signed(
    runtime: World, common_name: str, addresses: list[Any] | None, names: list[Any] | None, days: int
) -> Certificate:
    """A self-signed certificate with a new key."""
    return _issued(runtime, _request(common_name, addresses, names, days), _new_key())


@TABLE.function("genSelfSignedCertWithKey", params=(STRING, LIST, LIST, INT, STRING), result=_CERTIFICATE, runtime=True)
def gen_self_signed_with_key(
    runtime: World, common_name: str, addresses: list[Any] | None, names: list[Any] | None, days: int, key: str
) -> Certificate:
    """A self-signed certificate with this key."""
    given = _given_key(key)
    return _issued(runtime, _request(common_name, addresses, names, days), given)


@TABLE.function("genSignedCert", params=(STRING, LIST, LIST, INT, _CERTIFICATE), result=_CERTIFICATE, runtime=True)
def gen_signed(
    runtime: World, common_name: str, addresses: list[Any] | None, names: list[Any] | None, days: int, ca: Certificate
) -> Certificate:
    """A certificate signed by an authority, with a new key."""
    issuer = _authority(ca)
    return _issued(runtime, _request(common_name, addresses, names, days), _new_key(), issuer)


@TABLE.function(
    "genSignedCertWithKey",
    params=(STRING, LIST, LIST, INT, _CERTIFICATE, STRING),
    result=_CERTIFICATE,
    runtime=True,
)
def gen_signed_with_key(
    runtime: World,
    common_name: str,
    addresses: list[Any] | None,
    names: list[Any] | None,
    days: int,
    ca: Certificate,
    key: str,
) -> Certificate:
    """A certificate signed by an authority, with this key."""
    given = _given_key(key)
    issuer = _authority(ca)
    return _issued(runtime, _request(common_name, addresses, names, days), given, issuer)


@TABLE.function("buildCustomCert", params=(STRING, STRING), result=_CERTIFICATE)
def build_custom_cert(certificate: str, key: str) -> Certificate:
    """A certificate and its key given in Base64 over PEM."""
    certificate_pem = _decoded(certificate, "certificate")
    key_pem = _decoded(key, "private key")
    _load_certificate(certificate_pem, "decodedCert.Bytes")
    try:
        _load_key(key_pem)
    except FunctionError as error:
        raise FunctionError(f"error parsing private key: {error.message}") from error
    return Certificate(certificate_pem, key_pem)


def _decoded(text: str, what: str) -> str:
    try:
        return from_bytes(decode_base64(text))
    except ValueError:
        raise FunctionError(f"unable to decode base64 {what}") from None


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(_EXPONENT, _CERTIFICATE_RSA_BITS)


def _given_key(pem: str) -> _PrivateKey:
    try:
        return _load_key(pem)
    except FunctionError as error:
        raise FunctionError(f"parsing private key: {error.message}") from error


def _authority(ca: Certificate) -> _Issuer:
    certificate = _load_certificate(ca.Cert, "decodedSignerCert.Bytes")
    try:
        key = _load_key(ca.Key)
    except FunctionError as error:
        raise FunctionError(f"error parsing private key: {error.message}") from error
    if key.public_key() != certificate.public_key():
        raise FunctionError("error creating certificate: x509: provided PrivateKey doesn't match parent's PublicKey")
    return _Issuer(key, certificate)


def _request(common_name: str, addresses: list[Any] | None, names: list[Any] | None, days: int) -> _Request:
    return _Request(
        common_name,
        days,
        tuple(_address(value) for value in addresses or ()),
        tuple(_name(value) for value in names or ()),
    )


def _address(value: GoValue) -> _Address:
    if not isinstance(value, str):
        raise FunctionError(f"error parsing ip: {sprint_one(value)} is not a string")
    try:
        address = ip_address(value)
    except ValueError:
        raise FunctionError(f"error parsing ip: {value}") from None
    if isinstance(address, IPv4Address):
        return address
    if address.scope_id is not None:
        raise FunctionError(f"error parsing ip: {value}")
    return address.ipv4_mapped or address


def _name(value: GoValue) -> str:
    if not isinstance(value, str):
        raise FunctionError(f"error processing alternate dns name: {sprint_one(value)} is not a string")
    if not value.isascii():
        raise FunctionError(f"error creating certificate: x509: {quote(value)} cannot be encoded as an IA5String")
    return value


def _issued(runtime: World, request: _Request, key: _PrivateKey, issuer: _Issuer | None = None) -> Certificate:
    signer = issuer or _Issuer(key)
    if isinstance(signer.key, dsa.DSAPrivateKey):
        raise FunctionError(
            "error creating certificate: x509: certificate private key does not implement crypto.Signer"
        )
    try:
        with warnings.catch_warnings():
            # Go takes names longer than the 64 characters that X.520 allows, and charts use full service names.
            warnings.filterwarnings("ignore", "Attribute's length must be", UserWarning)
            builder = _builder(runtime, request, key, signer.certificate)
        certificate = builder.sign(signer.key, _signature_hash(signer.key))
    except (ValueError, OverflowError) as error:
        raise FunctionError(f"error creating certificate: {error}") from error
    return Certificate(certificate.public_bytes(serialization.Encoding.PEM).decode("ascii"), _key_pem(key))


def _builder(
    runtime: World, request: _Request, key: _PrivateKey, issuer: x509.Certificate | None
) -> x509.CertificateBuilder:
    subject = _subject(request.common_name)
    start = datetime.fromtimestamp(runtime.clock() // _SECOND, UTC)
    builder = x509.CertificateBuilder(
        issuer_name=issuer.subject if issuer else subject,
        subject_name=subject,
        public_key=key.public_key(),
        serial_number=int.from_bytes(runtime.entropy(16), "big") or 1,
        not_valid_before=start,
        not_valid_after=start + timedelta(days=request.days),
    )
    for extension, critical in _extensions(request, key, issuer):
        builder = builder.add_extension(extension, critical=critical)
    return builder


def _subject(common_name: str) -> x509.Name:
    if not common_name:
        return x509.Name([])
    kind = _ASN1Type.PrintableString if _PRINTABLE.issuperset(common_name) else _ASN1Type.UTF8String
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name, kind, _validate=False)])


def _extensions(
    request: _Request, key: _PrivateKey, issuer: x509.Certificate | None
) -> list[tuple[x509.ExtensionType, bool]]:
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (_key_usage(request.is_authority), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), False),
        (x509.BasicConstraints(ca=request.is_authority, path_length=None), True),
    ]
    if request.is_authority:
        extensions.append((x509.SubjectKeyIdentifier(_key_identifier(key)), False))
    if issuer is not None:
        extensions += _authority_identifier(issuer)
    alternatives: list[x509.GeneralName] = [x509.DNSName(name) for name in request.names]
    alternatives += [x509.IPAddress(address) for address in request.addresses]
    if alternatives:
        extensions.append((x509.SubjectAlternativeName(alternatives), not request.common_name))
    return extensions


def _key_usage(is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=True,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _key_identifier(key: _PrivateKey) -> bytes:
    """The first 160 bits of the SHA-256 of the bare public key (RFC 7093, method 1)."""
    public = key.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        data = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
    elif isinstance(public, ec.EllipticCurvePublicKey):
        data = public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    else:
        data = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return hashlib.sha256(data).digest()[:20]


def _authority_identifier(issuer: x509.Certificate) -> list[tuple[x509.ExtensionType, bool]]:
    try:
        identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except x509.ExtensionNotFound:
        return []
    return [(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), False)]


def _signature_hash(key: _PrivateKey) -> hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | None:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return None
    bits = key.curve.key_size if isinstance(key, ec.EllipticCurvePrivateKey) else 0
    return _CURVE_HASHES.get(bits, hashes.SHA256())


def _key_pem(key: _PrivateKey) -> str:
    is_edwards = isinstance(key, ed25519.Ed25519PrivateKey)
    form = serialization.PrivateFormat.PKCS8 if is_edwards else serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode("ascii")


def _load_certificate(pem: str, source: str) -> x509.Certificate:
    block = _pem_block(pem)
    if block is None:
        raise FunctionError("unable to decode certificate")
    try:
        return x509.load_der_x509_certificate(block[1])
    except ValueError as error:
        raise FunctionError(f"error parsing certificate: {source}: x509: malformed certificate") from error


def _load_key(pem: str) -> _PrivateKey:
    block = _pem_block(pem)
    if block is None:
        raise FunctionError("no PEM data in input")
    kind, data = block
    if kind == "PRIVATE KEY":
        return _load_der_key(data, "decoding PEM as PKCS#8: asn1: malformed key")
    if not kind.endswith(" PRIVATE KEY"):
        raise FunctionError(f"no private key data in PEM block of type {kind}")
    algorithm = kind.removesuffix(" PRIVATE KEY")
    if algorithm not in ("RSA", "EC", "DSA"):
        raise FunctionError(f"invalid private key type {kind}")
    return _load_der_key(data, f"parsing {algorithm} private key from PEM: asn1: malformed key")


def _load_der_key(data: bytes, failure: str) -> _PrivateKey:
    try:
        key = serialization.load_der_private_key(data, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise FunctionError(failure) from error
    if not isinstance(key, _PrivateKey):
        raise FunctionError(failure)
    return key


def _pem_block(text: str) -> tuple[str, bytes] | None:
    """Type and content of the first PEM block that is one."""
    position = 0
    while (start := text.find(_BEGIN, position)) >= 0:
        position = start + len(_BEGIN)
        kind, dashes, rest = text[position:].partition("-----")
        body, end, _ = rest.partition(f"-----END {kind}-----")
        if not dashes or not end or "\n" in kind:
            continue
        # Headers such as `Proc-Type` end at an empty line.
        content = body.strip().rpartition("\n\n")[2]
        try:
            return kind, b64decode("".join(content.split()), validate=True)
        except ValueError:
            continue
    return None
