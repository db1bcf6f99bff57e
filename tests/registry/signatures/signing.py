"""Signatures as cosign makes them with a key, made here: payload, envelope, bundle."""

from __future__ import annotations

import base64
import json

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from steersman.core.verification import PublicKey, SignedByKey
from steersman.registry.signatures.evidence import SimpleSignature

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
SIGN = "https://sigstore.dev/cosign/sign/v1"
IN_TOTO = "application/vnd.in-toto+json"


def pem(key) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def trust(*keys) -> SignedByKey:
    return SignedByKey(tuple(PublicKey(f"k{number}.pub", pem(key)) for number, key in enumerate(keys)))


def sign(key, data: bytes, *, hashed=None, pss: bool = False) -> bytes:
    match key:
        case ec.EllipticCurvePrivateKey():
            return key.sign(data, ec.ECDSA(hashed or hashes.SHA256()))
        case rsa.RSAPrivateKey():
            pad = padding.PSS(padding.MGF1(hashes.SHA256()), 32) if pss else padding.PKCS1v15()
            return key.sign(data, pad, hashes.SHA256())
        case ed25519.Ed25519PrivateKey():
            return key.sign(data)


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def payload(digest: str, *, kind: str = "cosign container image signature") -> bytes:
    critical = {
        "identity": {"docker-reference": "registry.example/charts/app"},
        "image": {"docker-manifest-digest": digest},
        "type": kind,
    }
    return json.dumps({"critical": critical, "optional": None}).encode()


def simple(key, digest: str, **options) -> SimpleSignature:
    body = payload(digest)
    return SimpleSignature(body, text(sign(key, body, **options)))


def statement(digest: str, *, predicate: str = SIGN, kind: str = "https://in-toto.io/Statement/v1") -> bytes:
    subject = [{"digest": {"sha256": digest.removeprefix("sha256:")}}]
    return json.dumps({"_type": kind, "subject": subject, "predicateType": predicate, "predicate": {}}).encode()


def pae(payload_type: str, body: bytes) -> bytes:
    return b"DSSEv1 %d %b %d %b" % (len(payload_type), payload_type.encode(), len(body), body)


def envelope(key, body: bytes, *, payload_type: str = IN_TOTO) -> dict:
    signature = sign(key, pae(payload_type, body))
    return {"payload": text(body), "payloadType": payload_type, "signatures": [{"sig": text(signature)}]}


def bundle(key, body: bytes, *, payload_type: str = IN_TOTO) -> bytes:
    material = {"publicKey": {"hint": "hint"}, "tlogEntries": []}
    found = {"mediaType": BUNDLE, "verificationMaterial": material}
    return json.dumps(found | {"dsseEnvelope": envelope(key, body, payload_type=payload_type)}).encode()


def message_bundle(key, message: bytes) -> bytes:
    material = {"publicKey": {"hint": "hint"}, "tlogEntries": []}
    signature = {"messageDigest": {"algorithm": "SHA2_256", "digest": ""}, "signature": text(sign(key, message))}
    return json.dumps({"mediaType": BUNDLE, "verificationMaterial": material, "messageSignature": signature}).encode()
