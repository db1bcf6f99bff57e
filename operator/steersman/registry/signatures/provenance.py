"""Helm provenance: whether a `.prov` file is signed by a trusted key and speaks of this archive.

As Helm's provenance package judges: the signature first, then the entry of the archive under `files:`. The file is a
signed text of two YAML documents, Chart.yaml and the digests, between which stands `...`. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from steersman.core.yaml.errors import YAMLError
from steersman.core.yaml.reader import load_map

if TYPE_CHECKING:
    from pysequoia import Cert

MAX_BYTES = 1024 * 1024
"""Of a provenance file: a Chart.yaml and a signature."""

_SEPARATOR = b"\n...\n"


class WrongProvenance(Exception):
    """A provenance whose signature holds, but that is not of this archive. The texts are Helm's."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """A provenance that holds: who signed, with which key."""

    signers: tuple[str, ...]
    fingerprint: str


def check_provenance(
    data: bytes, *, digest: str, file_name: str = "", chart_name: str = "", keys: Sequence[Cert], now: datetime
) -> Provenance:
    """Hold a provenance against the digest (`sha256:…`) of the archive.

    Helm goes by the name of the archive's file. Where there is none, as in a registry, that is the name and version of
    the signed Chart.yaml, whose name must be `chart_name`. Raises openpgp.BadSignature or WrongProvenance."""
    from steersman.registry.signatures.openpgp import verify_cleartext

    signed = verify_cleartext(data, keys, now)
    chart_yaml, files = _documents(signed.content)
    name = file_name or _file_name(chart_yaml, chart_name)
    said = files.get(name)
    if said is None:
        raise WrongProvenance(f'provenance does not contain a SHA for a file named "{name}"')
    if said != digest:
        raise WrongProvenance(f'sha256 sum does not match for {name}: "{said}" != "{digest}"')
    return Provenance(signed.signers, signed.fingerprint)


def _documents(content: bytes) -> tuple[bytes, dict[str, object]]:
    """Chart.yaml as it was signed, and the digests of files by name."""
    chart_yaml, separator, rest = content.partition(_SEPARATOR)
    if not separator:
        raise WrongProvenance("message block must have at least two parts")
    sums, _, _ = rest.partition(_SEPARATOR)
    try:
        files = load_map(sums).get("files")
    except YAMLError as error:
        raise WrongProvenance(f"its digests cannot be read: {error.message}") from error
    return chart_yaml, files if isinstance(files, dict) else {}


def _file_name(chart_yaml: bytes, chart_name: str) -> str:
    try:
        signed = load_map(chart_yaml)
    except YAMLError as error:
        raise WrongProvenance(f"its Chart.yaml cannot be read: {error.message}") from error
    name, version = signed.get("name"), signed.get("version")
    if name != chart_name:
        raise WrongProvenance(f"it is of chart {name}, not of {chart_name}")
    return f"{name}-{version}.tgz"
