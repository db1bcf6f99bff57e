"""A Sigstore instance of our own: a certificate authority, a certificate log and a transparency log, as far as their
signatures go. What it signs passes sigstore's own verifier with its trusted root, and nothing is asked of anybody.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from registry.signatures.signing import BUNDLE, IN_TOTO, envelope, pae, payload, sign, statement, text
from registry.signatures.timestamps import TimestampAuthority

from steersman.registry.signatures.evidence import SimpleSignature

ISSUER = "https://token.actions.githubusercontent.com"
SUBJECT = "https://github.com/org/charts/.github/workflows/release.yaml@refs/tags/v1"
_ISSUER_OID = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.8")
_OLD_ISSUER_OID = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
_SCT_OID = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
_LIFE = timedelta(minutes=10)


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def der(key) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _name(text_: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text_)])


def _utf8(text_: str) -> bytes:
    data = text_.encode()
    assert len(data) < 128
    return b"\x0c" + bytes([len(data)]) + data


def _octets(data: bytes) -> bytes:
    size = len(data)
    length = bytes([size]) if size < 128 else b"\x81" + bytes([size])
    return b"\x04" + length + data


@dataclass
class Instance:
    """One instance. `signed_at` is when everything happens: years ago, as far as the present is concerned."""

    signed_at: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)
    authority_key: Any = field(default_factory=new_key)
    certificates_key: Any = field(default_factory=new_key)
    log_key: Any = field(default_factory=new_key)
    old_issuer_only: bool = False
    timestamps: bool = False

    def __post_init__(self) -> None:
        self.stamper = TimestampAuthority(self.signed_at)
        name = _name("authority")
        self.authority = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.authority_key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.signed_at - timedelta(days=30))
            .not_valid_after(self.signed_at + timedelta(days=300))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.authority_key.public_key()), critical=False)
            .sign(self.authority_key, hashes.SHA256())
        )

    def trusted_root(self) -> bytes:
        valid = {"start": (self.signed_at - timedelta(days=30)).isoformat()}
        chain = {"certificates": [{"rawBytes": text(self.authority.public_bytes(Encoding.DER))}]}
        return json.dumps(
            {
                "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
                "tlogs": [self._log(self.log_key, "https://rekor.example", valid)],
                "certificateAuthorities": [
                    {
                        "subject": {"organization": "example", "commonName": "authority"},
                        "uri": "https://fulcio.example",
                        "certChain": chain,
                        "validFor": valid,
                    }
                ],
                "ctlogs": [self._log(self.certificates_key, "https://ct.example", valid)],
                "timestampAuthorities": [self._stamper(valid)] if self.timestamps else [],
            }
        ).encode()

    def _stamper(self, valid: dict) -> dict:
        chain = [{"rawBytes": text(each.public_bytes(Encoding.DER))} for each in (self.stamper.leaf, self.stamper.root)]
        named = {"organization": "example", "commonName": "timestamps"}
        return {"subject": named, "uri": "https://tsa.example", "certChain": {"certificates": chain}, "validFor": valid}

    def _log(self, key, url: str, valid: dict) -> dict:
        return {
            "baseUrl": url,
            "hashAlgorithm": "SHA2_256",
            "publicKey": {"rawBytes": text(der(key)), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": valid},
            "logId": {"keyId": text(hashlib.sha256(der(key)).digest())},
        }

    def certify(self, key, *, subject: str = SUBJECT, issuer: str = ISSUER, begins: datetime | None = None):
        """A certificate as Fulcio gives, with the receipt of the certificate log in it."""
        begins = begins or self.signed_at
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(self.authority.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(begins + _LIFE)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.authority_key.public_key()), critical=False
            )
            .add_extension(x509.SubjectAlternativeName([_subject(subject)]), critical=True)
            .add_extension(x509.UnrecognizedExtension(_OLD_ISSUER_OID, issuer.encode()), critical=False)
        )
        if not self.old_issuer_only:
            builder = builder.add_extension(x509.UnrecognizedExtension(_ISSUER_OID, _utf8(issuer)), critical=False)
        without = builder.sign(self.authority_key, hashes.SHA256())
        receipt = x509.UnrecognizedExtension(_SCT_OID, self._receipt(without.tbs_certificate_bytes))
        return builder.add_extension(receipt, critical=False).sign(self.authority_key, hashes.SHA256())

    def _receipt(self, certificate: bytes) -> bytes:
        """A signed certificate timestamp of RFC 6962, in the list that the extension holds."""
        time = int(self.signed_at.timestamp() * 1000)
        entry = hashlib.sha256(der(self.authority_key)).digest() + len(certificate).to_bytes(3) + certificate
        signed = struct.pack("!BBQH", 0, 0, time, 1) + entry + struct.pack("!H", 0)
        signature = sign(self.certificates_key, signed)
        log = hashlib.sha256(der(self.certificates_key)).digest()
        receipt = struct.pack("!B32sQHBBH", 0, log, time, 0, 4, 3, len(signature)) + signature
        listed = struct.pack("!H", len(receipt)) + receipt
        return _octets(struct.pack("!H", len(listed)) + listed)

    def _record(self, certificate, signature: bytes, hashed: bytes) -> bytes:
        """A hashedrekord entry of the transparency log."""
        pem = certificate.public_bytes(Encoding.PEM)
        spec = {
            "data": {"hash": {"algorithm": "sha256", "value": hashlib.sha256(hashed).hexdigest()}},
            "signature": {"content": text(signature), "publicKey": {"content": text(pem)}},
        }
        return _canonical({"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": spec})

    def _dsse_record(self, certificate, made: dict) -> bytes:
        verifier = text(certificate.public_bytes(Encoding.PEM))
        spec = {
            "envelopeHash": {"algorithm": "sha256", "value": hashlib.sha256(_canonical(made)).hexdigest()},
            "payloadHash": {
                "algorithm": "sha256",
                "value": hashlib.sha256(base64.b64decode(made["payload"])).hexdigest(),
            },
            "signatures": [{"signature": made["signatures"][0]["sig"], "verifier": verifier}],
        }
        return _canonical({"apiVersion": "0.0.1", "kind": "dsse", "spec": spec})

    def promise(self, record: bytes, index: int) -> bytes:
        """The signed entry timestamp."""
        entry = {
            "body": text(record),
            "integratedTime": int(self.signed_at.timestamp()),
            "logID": hashlib.sha256(der(self.log_key)).hexdigest(),
            "logIndex": index,
        }
        return sign(self.log_key, _canonical(entry))

    def entry(self, record: bytes, kind: str) -> dict:
        """The log's entry with promise and proof: the second leaf of a tree of two."""
        leaf = hashlib.sha256(b"\x00" + record).digest()
        other = hashlib.sha256(b"\x00another entry").digest()
        root = hashlib.sha256(b"\x01" + other + leaf).digest()
        log = hashlib.sha256(der(self.log_key)).digest()
        note = f"rekor.example - 1\n2\n{text(root)}\n"
        signature = text(log[:4] + sign(self.log_key, note.encode()))
        return {
            "logIndex": "1",
            "logId": {"keyId": text(log)},
            "kindVersion": {"kind": kind, "version": "0.0.1"},
            "integratedTime": str(int(self.signed_at.timestamp())),
            "inclusionPromise": {"signedEntryTimestamp": text(self.promise(record, 1))},
            "inclusionProof": {
                "logIndex": "1",
                "rootHash": text(root),
                "treeSize": "2",
                "hashes": [text(other)],
                "checkpoint": {"envelope": f"{note}\n\u2014 rekor.example {signature}\n"},
            },
            "canonicalizedBody": text(record),
        }

    def bundle(self, digest: str, *, body: bytes | None = None, payload_type: str = IN_TOTO, **who) -> bytes:
        """A bundle as cosign attaches it since version 3."""
        key = new_key()
        certificate = self.certify(key, **who)
        made = envelope(key, body if body is not None else statement(digest), payload_type=payload_type)
        material = self._material(certificate, self.entry(self._dsse_record(certificate, made), "dsse"))
        return json.dumps({"mediaType": BUNDLE, "verificationMaterial": material, "dsseEnvelope": made}).encode()

    def timestamped_bundle(self, digest: str, *, stamped_at: datetime | None = None, **who) -> bytes:
        """A bundle with the newer log's entry, which has no time, and the time from a time-stamping authority."""
        key = new_key()
        certificate = self.certify(key, **who)
        body = statement(digest)
        made = envelope(key, body)
        signature = base64.b64decode(made["signatures"][0]["sig"])
        rekord = {
            "data": {"algorithm": "SHA2_256", "digest": text(hashlib.sha256(pae(IN_TOTO, body)).digest())},
            "signature": {
                "content": text(signature),
                "verifier": {
                    "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                    "x509Certificate": {"rawBytes": text(certificate.public_bytes(Encoding.DER))},
                },
            },
        }
        record = _canonical({"apiVersion": "0.0.2", "kind": "hashedrekord", "spec": {"hashedRekordV002": rekord}})
        entry = self.entry(record, "hashedrekord") | {"kindVersion": {"kind": "hashedrekord", "version": "0.0.2"}}
        for name in ("inclusionPromise", "integratedTime"):
            del entry[name]
        stamp = self.stamper.stamp(signature, stamped_at or self.signed_at)
        material = self._material(certificate, entry)
        material["timestampVerificationData"] = {"rfc3161Timestamps": [{"signedTimestamp": text(stamp)}]}
        return json.dumps({"mediaType": BUNDLE, "verificationMaterial": material, "dsseEnvelope": made}).encode()

    def message_bundle(self, message: bytes, **who) -> bytes:
        """A bundle whose signature is of the bytes themselves."""
        key = new_key()
        certificate = self.certify(key, **who)
        signature = sign(key, message)
        hashed = {"algorithm": "SHA2_256", "digest": text(hashlib.sha256(message).digest())}
        material = self._material(
            certificate, self.entry(self._record(certificate, signature, message), "hashedrekord")
        )
        made = {"messageDigest": hashed, "signature": text(signature)}
        return json.dumps({"mediaType": BUNDLE, "verificationMaterial": material, "messageSignature": made}).encode()

    def simple(self, digest: str, *, logged: bytes | None = None, **who) -> SimpleSignature:
        """A signature in parts, as cosign made until version 2; `logged` is what the log took in, if not that."""
        key = new_key()
        certificate = self.certify(key, **who)
        body = payload(digest)
        signature = sign(key, body)
        record = self._record(certificate, signature, body if logged is None else logged)
        rekor = {
            "SignedEntryTimestamp": text(self.promise(record, 7)),
            "Payload": {
                "body": text(record),
                "integratedTime": int(self.signed_at.timestamp()),
                "logIndex": 7,
                "logID": hashlib.sha256(der(self.log_key)).hexdigest(),
            },
        }
        pem = certificate.public_bytes(Encoding.PEM).decode()
        return SimpleSignature(body, text(signature), pem, json.dumps(rekor))

    def _material(self, certificate, entry: dict) -> dict:
        return {
            "certificate": {"rawBytes": text(certificate.public_bytes(Encoding.DER))},
            "tlogEntries": [entry],
            "timestampVerificationData": {"rfc3161Timestamps": []},
        }


def _subject(subject: str) -> x509.GeneralName:
    return x509.RFC822Name(subject) if "://" not in subject else x509.UniformResourceIdentifier(subject)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _canonical(value: dict) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
