"""Release records as Secrets, readable by Helm and by us: implements `ports.ReleaseStore` over `kube.objects`.

Name, type, labels and payload are Helm's (its `pkg/storage/driver/secrets.go`), so that `helm list`, `status`,
`rollback` and the rest work on releases of ours. Unlike Helm we update with uid and resourceVersion: of two writers one
fails. `core.release.codec` makes the payload; what it leaves out and what follows from that stands in
`docs/records.md`. Records that Helm wrote keep what is in them.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from dataclasses import replace
from typing import Any, Final

from steersman.core.manifest.identity import KubernetesObject
from steersman.core.release import codec
from steersman.core.release.errors import RecordConflict, RecordExists, RecordTooLarge, RecordUnreadable
from steersman.core.release.model import Release
from steersman.errors import AbsentError, StaleObjectError
from steersman.kube.errors import AlreadyExists, TooLarge
from steersman.kube.objects import Objects
from steersman.kube.requests import Selection
from steersman.kube.resources import SECRETS
from steersman.ports import Clock

RECORD_TYPE: Final = "helm.sh/release.v1"
MAX_PAYLOAD: Final = 1024 * 1024
"""Bytes that the data of a Secret may have."""

LARGE_MANIFEST: Final = 128 * 1024
LARGE_PAYLOAD: Final = 32 * 1024
"""Bytes from which on packing and unpacking leave the event loop: a thread costs as much as a smaller record does."""

_HELM_LABELS: Final = frozenset({"name", "owner", "status", "version", "createdAt", "modifiedAt"})
"""Labels that are Helm's own; the others are the release's."""
_REREAD: Final = "it is read again by itself"


class SecretStore:
    """Release records in the namespaces where Helm looks for them."""

    def __init__(self, objects: Objects, clock: Clock) -> None:
        self._objects = objects
        self._clock = clock

    async def history(self, namespace: str, name: str) -> tuple[Release, ...]:
        """All revisions of a release, oldest first. Raises RecordUnreadable for a damaged one."""
        selection = Selection(SECRETS, namespace, labels=f"name={name},owner=helm", fields=f"type={RECORD_TYPE}")
        listing = await self._objects.select(selection)
        records = [await read_record(secret) for secret in listing.items]
        return tuple(sorted(records, key=lambda release: release.revision))

    async def create(self, release: Release) -> Release:
        """POST a new revision. Raises RecordExists when that revision is there already."""
        record = _record(release, self._checked(release, await _encoded(release)), {"createdAt": self._stamp()})
        try:
            return _stored(release, await self._objects.create(SECRETS, record))
        except AlreadyExists as error:
            raise RecordExists("this revision exists already", record=_place(release), hint=_REREAD) from error
        except TooLarge as error:
            raise _too_large(release, len(record["data"]["release"])) from error

    async def update(self, release: Release) -> Release:
        """PUT with uid and resourceVersion. Raises RecordConflict when somebody wrote meanwhile."""
        try:
            payload = await (_encoded(release) if release.is_ours else self._onto_live(release))
            record = _record(release, self._checked(release, payload), {"modifiedAt": self._stamp()})
            record["metadata"] |= {"uid": release.record_uid, "resourceVersion": release.resource_version}
            return _stored(release, await self._objects.replace(SECRETS, record))
        except (StaleObjectError, AbsentError) as error:
            raise RecordConflict("it was changed by somebody else", record=_place(release), hint=_REREAD) from error

    async def delete(self, release: Release) -> None:
        """Delete one revision, if it is still as it was read; absent is fine."""
        try:
            await self._objects.delete(
                SECRETS,
                release.storage_namespace,
                release.record_name,
                uid=release.record_uid or None,
                resource_version=release.resource_version or None,
            )
        except StaleObjectError as error:
            raise RecordConflict("it was changed by somebody else", record=_place(release), hint=_REREAD) from error

    async def _onto_live(self, release: Release) -> bytes:
        """The payload for a record of Helm's: the live one with our changes. The PUT still guards against a race."""
        live = await self._objects.get(SECRETS, release.storage_namespace, release.record_name)
        if live is None:
            raise RecordConflict("it was deleted by somebody else", record=_place(release), hint=_REREAD)
        return codec.encode_onto(release, _payload(live))

    def _checked(self, release: Release, payload: bytes) -> bytes:
        if len(payload) > MAX_PAYLOAD:
            raise _too_large(release, len(payload))
        return payload

    def _stamp(self) -> str:
        return str(int(self._clock.now().timestamp()))


async def read_record(secret: KubernetesObject) -> Release:
    """The release in a Secret. Raises RecordUnreadable, also where the record is not of the release it is named for."""
    metadata = secret["metadata"]
    place = f"{metadata['namespace']}/{metadata['name']}"
    try:
        payload = _payload(secret)
        large = len(payload) >= LARGE_PAYLOAD
        release = await asyncio.to_thread(codec.decode, payload) if large else codec.decode(payload)
    except RecordUnreadable as error:
        raise RecordUnreadable(error.message, record=place, hint=error.hint) from error
    if release.record_name != metadata["name"]:
        raise RecordUnreadable(
            f"it holds revision {release.revision} of release {release.name!r}, which is not what its name says",
            record=place,
            hint="restore the Secret from a backup, or delete it",
        )
    return _stored(replace(release, labels=_own_labels(metadata)), secret)


async def _encoded(release: Release) -> bytes:
    if len(release.manifest) < LARGE_MANIFEST:
        return codec.encode(release)
    return await asyncio.to_thread(codec.encode, release)


def _record(release: Release, payload: bytes, stamp: dict[str, str]) -> KubernetesObject:
    labels = {
        **release.labels,
        **stamp,
        "name": release.name,
        "owner": "helm",
        "status": str(release.status),
        "version": str(release.revision),
    }
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": release.record_name, "namespace": release.storage_namespace, "labels": labels},
        "type": RECORD_TYPE,
        "data": {"release": base64.b64encode(payload).decode("ascii")},
    }


def _stored(release: Release, secret: KubernetesObject) -> Release:
    metadata = secret["metadata"]
    return replace(
        release,
        stored_in=metadata["namespace"],
        record_uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
    )


def _own_labels(metadata: dict[str, Any]) -> dict[str, str]:
    labels: dict[str, str] = metadata.get("labels") or {}
    return {name: value for name, value in labels.items() if name not in _HELM_LABELS}


def _payload(secret: KubernetesObject) -> bytes:
    try:
        return base64.b64decode((secret.get("data") or {})["release"], validate=True)
    except (KeyError, binascii.Error) as error:
        raise RecordUnreadable(
            "it has no readable data.release", hint="restore the Secret from a backup, or delete it"
        ) from error


def _place(release: Release) -> str:
    return f"{release.storage_namespace}/{release.record_name}"


def _too_large(release: Release, size: int) -> RecordTooLarge:
    return RecordTooLarge(
        f"it would have {size} bytes, more than the {MAX_PAYLOAD} that a Secret may have",
        record=_place(release),
        hint="render less with one release: split the chart, or turn parts of it off",
    )
