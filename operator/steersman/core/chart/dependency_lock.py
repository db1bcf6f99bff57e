"""Chart.lock: its text, its digest, and whether it still fits Chart.yaml; byte for byte as Helm 4.3.1.

Called by `steersman dependency`. The digest is over both lists as Go's encoding/json writes them, the entries of
Chart.yaml first: an alias of a repository has been replaced by its URL by then. Charts of apiVersion v1 keep the file
as requirements.lock; one that Helm 2 wrote has a digest over the entries alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from steersman.core import yaml
from steersman.core.chart.errors import ChartError
from steersman.core.chart.metadata import Dependency, dependency_json
from steersman.core.golang import gojson

LOCK_FILE: Final = "Chart.lock"
LEGACY_LOCK_FILE: Final = "requirements.lock"
LEGACY_API: Final = "v1"
_ZERO_TIME: Final = "0001-01-01T00:00:00Z"
LEGACY_WARNING: Final = "warning: a valid Helm v3 hash was not found. Checking against Helm v2 hash..."


class LockOutOfSync(ChartError):
    """The lock was made for another list of dependencies."""

    def __init__(self, *, is_legacy: bool) -> None:
        if is_legacy:
            super().__init__(
                "the lock file (requirements.lock) is out of sync with the dependencies file (requirements.yaml). "
                "Please update the dependencies",
                hint="`steersman dependency update` does",
            )
        else:
            super().__init__(
                "the lock file (Chart.lock) is out of sync with the dependencies file (Chart.yaml). Please update the "
                "dependencies with 'helm dependency update'",
                hint="or with `steersman dependency update`",
            )


class Lock(NamedTuple):
    """What a lock file holds. `generated` is a time as RFC 3339 writes it; an entry is None where the file has `null`,
    the list None where it has none."""

    generated: str = ""
    digest: str = ""
    dependencies: tuple[Dependency | None, ...] | None = None

    @staticmethod
    def from_fields(fields: Mapping[str, Any]) -> Lock:
        """From the decoded file (`chartfile.decode_lock`), as a loaded chart holds it."""
        entries = fields.get("dependencies")
        return Lock(
            fields.get("generated", ""),
            fields.get("digest", ""),
            None if entries is None else tuple(_dependency(entry) for entry in entries),
        )

    def text(self) -> str:
        """The file."""
        entries = self.dependencies
        written = None if entries is None else [entry and dependency_json(entry) for entry in entries]
        return yaml.dump({"dependencies": written, "digest": self.digest, "generated": self.generated or _ZERO_TIME})


def lock_file(api_version: str) -> str:
    """The name of the lock file of a chart with this apiVersion."""
    return LEGACY_LOCK_FILE if api_version == LEGACY_API else LOCK_FILE


def lock_digest(wanted: Sequence[Dependency] | None, locked: Sequence[Dependency | None] | None) -> str:
    """The digest of a lock: over the entries of Chart.yaml and what they were resolved to."""
    return _sha256(f"[{_list_json(wanted)},{_list_json(locked)}]")


def legacy_digest(wanted: Sequence[Dependency] | None) -> str:
    """Helm 2's digest: over the entries alone, as they are written."""
    return _sha256(f'{{"dependencies":{_list_json(wanted)}}}')


def check_lock(
    lock: Lock, wanted: Sequence[Dependency] | None, written: Sequence[Dependency] | None, *, api_version: str
) -> str | None:
    """Whether a lock fits the entries of Chart.yaml: `wanted` with aliases of repositories replaced, `written` as they
    stand there. Gives a line for the log where only Helm 2's digest fits. Raises LockOutOfSync."""
    if lock_digest(wanted, lock.dependencies) == lock.digest:
        return None
    is_legacy = api_version == LEGACY_API
    if is_legacy and legacy_digest(written) == lock.digest:
        return LEGACY_WARNING
    raise LockOutOfSync(is_legacy=is_legacy)


def _dependency(entry: Mapping[str, Any] | None) -> Dependency | None:
    """An entry as it is written: Helm neither checks nor cleans those of a lock."""
    if entry is None:
        return None
    fields: dict[str, Any] = {**entry, "tags": tuple(entry.get("tags", ()))}
    fields["import_values"] = tuple(fields.pop("import-values", ()))
    return Dependency(**fields)


def _list_json(entries: Iterable[Dependency | None] | None) -> str:
    if entries is None:
        return "null"
    return f"[{','.join(map(_entry_json, entries))}]"


def _entry_json(entry: Dependency | None) -> str:
    if entry is None:
        return "null"
    # Fields in the order of the struct, which gojson's own sorting of maps would lose.
    return f"{{{','.join(f'{gojson.encode(key)}:{_json(value)}' for key, value in dependency_json(entry).items())}}}"


def _json(value: Any) -> str:
    return gojson.encode(_floats(value))


def _floats(value: Any) -> Any:
    """Numbers as Go has them once YAML has become `interface {}`."""
    if isinstance(value, dict):
        return {key: _floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_floats(item) for item in value]
    return float(value) if type(value) is int else value


def _sha256(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogateescape')).hexdigest()}"
