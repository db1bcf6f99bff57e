"""Whether certificates and keys of a Secret can be used at all, told before anybody is connected to.

Called by the controller and the CLI for the Secret of `certSecretRef`: what is wrong with it must not look like a
registry that is away.
"""

from __future__ import annotations

import ssl
from functools import lru_cache

from steersman.registry.access import Tls

REPLACE_CERTIFICATES = (
    "put into ca.crt the certificates of the authorities to trust, into tls.crt and tls.key a certificate and its key, "
    "all in PEM"
)
_KEPT = 256


@lru_cache(_KEPT)  # asked at every look of every release; a bundle of authorities takes some ms
def problem_of_tls(tls: Tls) -> str:
    """What is wrong, as what comes after the Secret's name; "" where nothing is."""
    if tls.ca and not _holds_authorities(tls.ca):
        return "holds no PEM certificate in ca.crt"
    return _problem_of_pair(tls.certificate, tls.key) if tls.certificate else ""


def _holds_authorities(ca: bytes) -> bool:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        # Bundles name their authorities between the certificates, in any alphabet.
        context.load_verify_locations(cadata=ca.decode("ascii", "ignore"))
    except (ssl.SSLError, ValueError):
        return False
    return bool(context.cert_store_stats()["x509"])


def _problem_of_pair(certificate: bytes, key: bytes) -> str:
    from cryptography import x509  # what it takes is for those who have a certificate
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

    try:
        shown = x509.load_pem_x509_certificates(certificate)[0].public_key()
    except ValueError:
        return "holds no PEM certificate in tls.crt"
    try:
        ours = load_pem_private_key(key, None).public_key()
    except TypeError:
        return "holds an encrypted tls.key, for which there is no password"
    except ValueError:
        return "holds no private key in PEM in tls.key"
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    if ours.public_bytes(*form) != shown.public_bytes(*form):
        return "holds a tls.key that does not belong to its tls.crt"
    return ""
