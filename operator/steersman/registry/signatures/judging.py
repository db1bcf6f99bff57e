"""Whether the evidence shows what a `Verification` demands. The one place that says yes.

Pure but for the time it takes: a key costs a signature check, an identity the checks of sigstore. Called by `verifying`
in a worker thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TypeAlias, TypeVar

from steersman.core.verification import SignedByIdentity, SignedByKey, SignedProvenance, Verification, Verified
from steersman.registry.errors import InvalidVerification, SignatureAbsent, VerificationFailed
from steersman.registry.signatures.cosign import Refused, read_bundle, signer_of_bundle, signer_of_simple
from steersman.registry.signatures.evidence import Evidence, SimpleSignature, Subject
from steersman.registry.signatures.keys import VerifyingKey, fingerprint, load_public_key
from steersman.registry.signatures.provenance import WrongProvenance, check_provenance

_T = TypeVar("_T")
_Keys: TypeAlias = list[tuple[str, VerifyingKey]]

# Of a key's fingerprint, as people compare it.
_SHOWN = 16
_SHOWN_PROBLEMS = 5


def judge(verification: Verification, evidence: Evidence, subject: Subject, now: datetime) -> Verified:
    """By whom the chart is signed. Raises SignatureAbsent or VerificationFailed."""
    match verification:
        case SignedByKey():
            return _by_key(verification, evidence, subject)
        case SignedByIdentity():
            return _by_identity(verification, evidence, subject)
        case SignedProvenance():
            return _by_provenance(verification, evidence, subject, now)


def _by_key(verification: SignedByKey, evidence: Evidence, subject: Subject) -> Verified:
    keys = [(key.name, load_public_key(key.pem, key.name)) for key in verification.keys]
    checks = [partial(_key_of_bundle, data, keys, subject) for data in evidence.bundles]
    checks += [partial(_key_of_simple, simple, keys, subject) for simple in evidence.simple]
    problems = list(evidence.problems)
    signer = _first(checks, problems)
    if signer is not None:
        name, key = signer
        return Verified(f"cosign key {name} (SHA-256 {fingerprint(key)[:_SHOWN]})")
    if not problems:
        raise _unsigned(subject, f"cosign sign --key cosign.key {subject.place}@{subject.digest}")
    names = ", ".join(name for name, _ in keys)
    raise VerificationFailed(
        subject.place,
        f"no signature of {subject.digest} by the trusted keys ({names})",
        problems=_shown(problems),
        hint=f"sign it with one of them: cosign sign --key cosign.key {subject.place}@{subject.digest}; or, if another "
        "key is right, add it to the Secret of spec.chart.verify.secretRef",
    )


def _key_of_bundle(data: bytes, keys: _Keys, subject: Subject) -> tuple[str, VerifyingKey]:
    return signer_of_bundle(read_bundle(data), keys, subject.digest, subject.manifest)


def _key_of_simple(simple: SimpleSignature, keys: _Keys, subject: Subject) -> tuple[str, VerifyingKey]:
    return signer_of_simple(simple.payload, simple.signature, keys, subject.digest)


def _by_identity(verification: SignedByIdentity, evidence: Evidence, subject: Subject) -> Verified:
    if evidence == Evidence():
        raise _unsigned(subject, f"cosign sign {subject.place}@{subject.digest}")
    # Only here: sigstore is an extra, and costs what importing it costs.
    try:
        from steersman.registry.signatures.keyless import KeylessVerifier
    except ImportError as error:
        raise InvalidVerification(
            f"{subject.place}: keyless signatures cannot be verified here: {error}",
            hint="install the extra: pip install 'steersman[sigstore]'",
        ) from error

    verifier = KeylessVerifier(verification, subject.place)
    checks = [partial(verifier.check_bundle, data, subject.digest) for data in evidence.bundles]
    checks += [partial(verifier.check_simple, simple, subject.digest) for simple in evidence.simple]
    problems = list(evidence.problems)
    signer = _first(checks, problems)
    if signer is not None:
        return Verified(f"cosign identity {signer}")
    raise VerificationFailed(
        subject.place,
        f"no signature of {subject.digest} by the trusted identities",
        problems=_shown(problems),
        hint="let one of them sign it, or correct spec.chart.verify.matchOIDCIdentity",
    )


def _by_provenance(verification: SignedProvenance, evidence: Evidence, subject: Subject, now: datetime) -> Verified:
    from steersman.registry.signatures.openpgp import BadSignature, read_keyring

    if evidence.problems:
        hint = "package and sign the chart again, and push both"
        raise VerificationFailed(
            subject.place, "the provenance file does not hold", problems=evidence.problems, hint=hint
        )
    if evidence.provenance is None:
        raise SignatureAbsent(
            subject.place,
            f"{subject.digest} has no provenance file",
            hint="make one with `helm package --sign` and push or upload both; `helm push` takes the .prov along",
        )
    keys = [key for data in verification.keyrings for key in read_keyring(data, "the keyring")]
    try:
        found = check_provenance(
            evidence.provenance,
            digest=subject.archive_digest,
            file_name=subject.file_name,
            chart_name=subject.chart_name,
            keys=keys,
            now=now,
        )
    except BadSignature as error:
        hint = "sign it with a key of the keyring in spec.chart.verify.secretRef, or add the key that signed it"
        raise VerificationFailed(subject.place, f"the provenance file does not hold: {error}", hint=hint) from error
    except WrongProvenance as error:
        raise VerificationFailed(
            subject.place,
            f"the provenance file is not of this chart: {error}",
            hint="the archive or its provenance was replaced: package and sign the chart again, and push both",
        ) from error
    signer = found.signers[0] if found.signers else "a key without a name"
    return Verified(f"provenance by {signer} ({found.fingerprint[-_SHOWN:]})")


def _first(checks: Sequence[Callable[[], _T]], problems: list[str]) -> _T | None:
    """What the first check that refuses nothing gives; why the others refuse goes to `problems`."""
    for check in checks:
        try:
            return check()
        except Refused as refusal:
            problems.append(str(refusal))
    return None


def _unsigned(subject: Subject, command: str) -> SignatureAbsent:
    return SignatureAbsent(subject.place, f"nobody signed {subject.digest}", hint=f"sign it: {command}")


def _shown(problems: list[str]) -> tuple[str, ...]:
    distinct = list(dict.fromkeys(problems))
    more = len(distinct) - _SHOWN_PROBLEMS
    return (*distinct[:_SHOWN_PROBLEMS], *([f"and {more} more"] if more > 0 else []))
