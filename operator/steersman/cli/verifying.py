"""`--verify`: the provenance of the chart that a command was given, held against a keyring, in Helm's words.

Called by `sources` for archives on this machine and by `registries` for charts that are pulled; imported only where the
flag is set. The checks are the operator's (`registry.signatures`).
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from steersman.cli.charts import os_error, read_bytes
from steersman.core.chart.errors import ChartError
from steersman.core.verification import SignedProvenance
from steersman.errors import SourceError
from steersman.registry.cache import digest_of
from steersman.registry.errors import InvalidTrust, SignatureAbsent, VerificationFailed
from steersman.registry.signatures.evidence import Evidence, Subject
from steersman.registry.signatures.judging import judge
from steersman.registry.signatures.openpgp import BadSignature, Flaw, read_keyring
from steersman.registry.signatures.provenance import WrongProvenance
from steersman.registry.source import Charts

_ARCHIVE = ".tgz"
_WORDS = {
    Flaw.ABSENT: "signature block not found",
    Flaw.UNREADABLE: "openpgp: invalid data: the signature cannot be read",
    Flaw.UNKNOWN_KEY: "openpgp: signature made by unknown entity",
    Flaw.EXPIRED: "openpgp: key expired",
    Flaw.WEAK: "openpgp: the key is not secure",
    Flaw.REVOKED: "openpgp: signature made by revoked key",
}


def default_keyring() -> str:
    """Where Helm looks for keys: GnuPG's keyring of old, or its keybox."""
    home = Path(os.environ.get("GNUPGHOME") or Path("~/.gnupg").expanduser())
    names = (home / "pubring.gpg", home / "pubring.kbx")
    return str(next((path for path in names if path.exists()), names[0]))


def demanded(keyring: str) -> SignedProvenance:
    """That a key of this keyring file ("": the user's own) signed. Raises ChartError."""
    path = keyring or default_keyring()
    try:
        data = Path(path).read_bytes()
        read_keyring(data, path)
    except OSError as error:
        raise ChartError(
            f"failed to load keyring: {os_error(path, error)}",
            hint="--keyring names a file with the keys of those who may sign: gpg --export >pubring.gpg",
        ) from error
    except InvalidTrust as error:
        raise ChartError(f"failed to load keyring: {error.message}", hint=error.hint) from error
    return SignedProvenance((data,))


def verify_archive(path: Path, keyring: str) -> None:
    """Hold an archive on this machine against the `.prov` file beside it. Raises ChartError and SourceError."""
    if path.is_dir():
        raise ChartError("unpacked charts cannot be verified", hint="package it with `helm package --sign`")
    if path.suffix.lower() != _ARCHIVE:
        raise ChartError("chart must be a tgz file")
    provenance = Path(f"{path.absolute()}.prov")
    try:
        provenance.stat()
    except OSError as error:
        raise ChartError(
            f"could not load provenance file {provenance}: {os_error(provenance, error, 'stat')}",
            hint="it is made by `helm package --sign` and must lie beside the archive",
        ) from error
    verification = demanded(keyring)
    digest = digest_of(read_bytes(path))
    evidence = Evidence(provenance=read_bytes(provenance))
    try:
        judge(verification, evidence, Subject(path.name, digest, digest, file_name=path.name), datetime.now(UTC))
    except VerificationFailed as error:
        raise _in_helms_words(error, str(path)) from error


async def verify_pulled(source: Charts, url: str, digest: str, keyring: str, *, shown: str) -> None:
    """Hold a chart that was pulled against the provenance that its registry or repository has; `shown` is its URL as
    Helm puts it. Raises ChartError and SourceError."""
    try:
        await source.verify(url, digest, demanded(keyring))
    except VerificationFailed as error:
        raise _in_helms_words(error, shown) from error


def _in_helms_words(error: VerificationFailed, url: str) -> SourceError:
    cause = error.__cause__
    if isinstance(error, SignatureAbsent):
        return SourceError(
            f'failed to fetch provenance "{url}.prov"', hint="the chart is not signed: `helm package --sign` does it"
        )
    if isinstance(cause, WrongProvenance):
        return SourceError(str(cause), hint="the archive or its provenance file was replaced, or given another name")
    if isinstance(cause, BadSignature):
        return SourceError(_words(cause), hint=f"{cause}; --keyring names the keys of those who may sign")
    return SourceError(error.message)


def _words(error: BadSignature) -> str:
    if error.flaw is Flaw.BROKEN:
        return f"openpgp: invalid signature: {error.algorithm} verification failure"
    return _WORDS[error.flaw]
