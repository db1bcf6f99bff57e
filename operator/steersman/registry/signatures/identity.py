"""Who a keyless certificate was issued to. Pure.

The issuer of the OIDC token is in an extension of Fulcio's, which has an older and a newer form; the subject is in the
alternative names.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat import asn1

from steersman.core.golang.goregexp import is_found
from steersman.core.golang.goregexp_syntax import compile_pattern
from steersman.core.verification import OidcIdentity

ISSUER = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.8")
OLD_ISSUER = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
# Where the subject is neither an address nor a URI.
USER_NAME = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.7")


@dataclass(frozen=True, slots=True)
class Signer:
    """The issuer, "" for none, and the subjects of a certificate."""

    issuer: str
    subjects: tuple[str, ...]

    def __str__(self) -> str:
        return f"{' or '.join(self.subjects) or 'nobody'} of {self.issuer or 'no issuer'}"


def signer_of(certificate: x509.Certificate) -> Signer:
    """Who it was issued to. Raises ValueError for extensions that cannot be read."""
    return Signer(_issuer(certificate), _subjects(certificate))


def is_trusted(signer: Signer, identity: OidcIdentity) -> bool:
    """Whether the patterns are found in the issuer and in a subject."""
    return is_found(compile_pattern(identity.issuer), signer.issuer) and any(
        is_found(compile_pattern(identity.subject), subject) for subject in signer.subjects
    )


def _issuer(certificate: x509.Certificate) -> str:
    newer = _extension(certificate, ISSUER)
    if newer is not None:
        return asn1.decode_der(str, newer)
    older = _extension(certificate, OLD_ISSUER)
    return older.decode() if older is not None else ""


def _extension(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> bytes | None:
    try:
        value = certificate.extensions.get_extension_for_oid(oid).value
    except x509.ExtensionNotFound:
        return None
    return value.value if isinstance(value, x509.UnrecognizedExtension) else None


def _subjects(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    plain = names.get_values_for_type(x509.RFC822Name) + names.get_values_for_type(x509.UniformResourceIdentifier)
    other = [name.value for name in names.get_values_for_type(x509.OtherName) if name.type_id == USER_NAME]
    return (*plain, *(asn1.decode_der(str, value) for value in other))
