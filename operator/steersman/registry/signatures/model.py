"""A `Verification` from the `verify` block of a spec and the Secrets that it names.

Called by the controller, with Secrets already read. What is wrong with one is found here and not at the first chart: a
key that cannot be read must not look like a chart that is badly signed.

    provider: cosign, secretRef            a Secret with public keys: every entry whose name ends in `.pub`
    provider: cosign, matchOIDCIdentity    keyless; `trustedRootSecretRef` has the entry `trusted_root.json`
    provider: provenance, secretRef        a Secret with OpenPGP keyrings: entries in `.gpg`, `.kbx`, `.pgp`, `.asc`
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from steersman.core.api.access import VerifySpec
from steersman.core.golang.goregexp_syntax import RegexError, compile_pattern
from steersman.core.verification import (
    OidcIdentity,
    PublicKey,
    SignedByIdentity,
    SignedByKey,
    SignedProvenance,
    Verification,
)
from steersman.registry.decoding import UNREADABLE
from steersman.registry.errors import InvalidTrust, InvalidVerification

KEY_SUFFIX = ".pub"
KEYRING_SUFFIXES = (".gpg", ".kbx", ".pgp", ".asc")
TRUSTED_ROOT = "trusted_root.json"
# Each key costs one signature check per signature that is found.
MAX_KEYS = 32
# Reading a keyring keeps all else from running: about 50 ms for this much.
MAX_KEYRING_BYTES = 128 * 1024
MAX_KEYRINGS = 32


@dataclass(frozen=True, slots=True)
class SecretData:
    """A Secret that a spec refers to: `namespace/name`, for messages, and its decoded entries."""

    name: str
    entries: Mapping[str, bytes] = field(repr=False)

    def filled_from(self, file: str) -> str:
        """The command that puts a file into it; it exists, so that `kubectl create` alone would fail."""
        namespace, _, name = self.name.rpartition("/")
        where = f" -n {namespace}" if namespace else ""
        command = f"kubectl create secret generic {name}{where} --from-file={file}"
        return f"{command} --dry-run=client -o yaml | kubectl apply -f -"


def verification_of(verify: VerifySpec, keys: SecretData | None, trusted_root: SecretData | None) -> Verification:
    """What a spec demands; `keys` are what its `secretRef` names, beside which the schema allows no identities."""
    if keys is not None:
        return by_provenance(keys) if verify.provider == "provenance" else by_keys(keys)
    return by_identities([(each.issuer, each.subject) for each in verify.match_oidc_identity], trusted_root)


def by_keys(secret: SecretData) -> SignedByKey:
    """`provider: cosign` with a Secret of public keys, any of which may have signed."""
    from steersman.registry.signatures.keys import load_public_key

    keys = tuple(
        PublicKey(name, data) for name, data in sorted(secret.entries.items()) if name.endswith(KEY_SUFFIX) and data
    )
    if not keys:
        raise InvalidTrust(
            f"Secret {secret.name} has no public key: no entry ends in {KEY_SUFFIX}",
            hint=f"put what `cosign generate-key-pair` wrote into it: {secret.filled_from('cosign.pub')}",
        )
    if len(keys) > MAX_KEYS:
        raise InvalidTrust(f"Secret {secret.name} has {len(keys)} public keys; at most {MAX_KEYS} are tried")
    for key in keys:
        load_public_key(key.pem, f"entry {key.name} of Secret {secret.name}")
    return SignedByKey(keys)


def by_identities(identities: Iterable[tuple[str, str]], trusted_root: SecretData | None = None) -> SignedByIdentity:
    """`provider: cosign` without keys: signed by somebody who proved one of these (issuer, subject) identities."""
    wanted = tuple(OidcIdentity(issuer, subject) for issuer, subject in identities)
    if not wanted:
        raise InvalidVerification(
            "spec.chart.verify names neither keys nor identities, so that anybody's signature would do",
            hint="set secretRef to a Secret of public keys, or matchOIDCIdentity to who may sign",
        )
    for place, identity in enumerate(wanted):
        _check_pattern(identity.issuer, f"spec.chart.verify.matchOIDCIdentity[{place}].issuer")
        _check_pattern(identity.subject, f"spec.chart.verify.matchOIDCIdentity[{place}].subject")
    return SignedByIdentity(wanted, _trusted_root(trusted_root) if trusted_root is not None else b"")


def by_provenance(secret: SecretData) -> SignedProvenance:
    """`provider: provenance`: a `.prov` file beside the chart, signed by a key of the Secret's keyrings."""
    from steersman.registry.signatures.openpgp import read_keyring

    keyrings = {name: data for name, data in sorted(secret.entries.items()) if name.endswith(KEYRING_SUFFIXES) and data}
    if not keyrings:
        endings = ", ".join(KEYRING_SUFFIXES)
        raise InvalidTrust(
            f"Secret {secret.name} has no OpenPGP keyring: no entry ends in one of {endings}",
            hint=f"export the keys that may sign: gpg --export >pubring.gpg; {secret.filled_from('pubring.gpg')}",
        )
    if len(keyrings) > MAX_KEYRINGS:
        raise InvalidTrust(f"Secret {secret.name} has {len(keyrings)} keyrings; at most {MAX_KEYRINGS} are read")
    for name, data in keyrings.items():
        if len(data) > MAX_KEYRING_BYTES:
            raise InvalidTrust(
                f"entry {name} of Secret {secret.name} has {len(data)} bytes; at most {MAX_KEYRING_BYTES} are read",
                hint="export the keys that may sign, no more: gpg --export-options export-minimal --export KEY",
            )
        read_keyring(data, f"entry {name} of Secret {secret.name}")
    return SignedProvenance(tuple(keyrings.values()))


def _check_pattern(pattern: str, where: str) -> None:
    if not pattern:
        raise InvalidVerification(f"{where} is empty, which every identity matches", hint="write who may sign")
    try:
        compile_pattern(pattern)
    except RegexError as error:
        raise InvalidVerification(
            f"{where}: {pattern!r} is no Go regular expression: {error}", hint="correct the pattern"
        ) from error


def _trusted_root(secret: SecretData) -> bytes:
    data = secret.entries.get(TRUSTED_ROOT, b"")
    if not data:
        raise InvalidTrust(
            f"Secret {secret.name} has no entry {TRUSTED_ROOT}",
            hint="put what `cosign trusted-root create` wrote into it, or leave trustedRootSecretRef out for "
            "the public Sigstore instance",
        )
    try:
        msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    except UNREADABLE as error:
        raise InvalidTrust(f"{TRUSTED_ROOT} of Secret {secret.name} is no JSON object: {error}") from error
    return data
