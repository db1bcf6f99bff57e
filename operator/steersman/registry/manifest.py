"""What an OCI manifest says of a chart: which blob is the archive, which the provenance; of an index, which manifest.

Called with bytes whose digest was verified. The media types are Helm's; layers are picked by media type, never by
position, because Helm sorts them by digest. Of an index, Helm follows the image manifests that it lists.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from steersman.registry.decoding import UNREADABLE
from steersman.registry.errors import NotAChart
from steersman.registry.reference import is_digest

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG_TYPE = "application/vnd.cncf.helm.config.v1+json"
CONTENT_TYPE = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
LEGACY_CONTENT_TYPE = "application/tar+gzip"
PROVENANCE_TYPE = "application/vnd.cncf.helm.chart.provenance.v1.prov"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
INDEX_TYPES = frozenset({INDEX_TYPE, "application/vnd.docker.distribution.manifest.list.v2+json"})
_MAX_MANIFESTS = 32
ACCEPT = ", ".join([MANIFEST_TYPE, *sorted(INDEX_TYPES)])


class Descriptor(msgspec.Struct, frozen=True, rename="camel"):
    """An OCI descriptor: what a blob is, its digest and size."""

    media_type: str
    digest: str
    size: int


class _Manifest(msgspec.Struct, frozen=True, rename="camel"):
    config: Descriptor
    layers: list[Descriptor]


class _Kind(msgspec.Struct, frozen=True, rename="camel"):
    media_type: str = ""
    manifests: msgspec.Raw = msgspec.Raw()


class _Listed(Descriptor, frozen=True, rename="camel"):
    artifact_type: str = ""


class _Index(msgspec.Struct, frozen=True):
    manifests: list[_Listed] = []


@dataclass(frozen=True, slots=True)
class ChartManifest:
    """The blobs of one chart."""

    content: Descriptor
    provenance: Descriptor | None

    @property
    def is_legacy(self) -> bool:
        """Whether the archive has the media type of Helm 3.0 and before, which Helm accepts with a warning."""
        return self.content.media_type == LEGACY_CONTENT_TYPE


def listed_manifests(data: bytes, place: str) -> tuple[str, ...] | None:
    """The digests of the manifests that an index lists and that may be charts, None where this is no index. Raises
    NotAChart."""
    try:
        kind = msgspec.json.decode(data, type=_Kind)
        if kind.media_type not in INDEX_TYPES and not bytes(kind.manifests):
            return None
        listed = msgspec.json.decode(data, type=_Index).manifests
    except UNREADABLE as error:
        raise NotAChart(place, f"its manifest cannot be read: {error}", ()) from error
    if len(listed) > _MAX_MANIFESTS:
        raise NotAChart(place, f"it is an index of {len(listed)} manifests", (kind.media_type,))
    if any(not is_digest(one.digest) for one in listed):
        raise NotAChart(place, "its index lists a manifest without a valid digest", (kind.media_type,))
    manifests = [one for one in listed if one.media_type == MANIFEST_TYPE]
    # Where the index says which ones are charts, the others need not be looked at.
    charts = [one for one in manifests if one.artifact_type == CONFIG_TYPE]
    return tuple(dict.fromkeys(one.digest for one in charts or manifests))


def parse_manifest(data: bytes, place: str) -> ChartManifest:
    """Read a verified manifest. Raises NotAChart with the media types that were found."""
    try:
        manifest = msgspec.json.decode(data, type=_Manifest)
    except UNREADABLE as error:
        raise NotAChart(place, f"its manifest cannot be read: {error}", ()) from error
    if manifest.config.media_type != CONFIG_TYPE:
        raise NotAChart(place, "its config is not that of a chart", (manifest.config.media_type,))
    return ChartManifest(_content(manifest, place), _only(manifest, PROVENANCE_TYPE, place))


def only_chart(candidates: Iterable[bytes], place: str) -> ChartManifest:
    """The one chart among the manifests of an index. Raises NotAChart where there are none or several."""
    found = []
    for data in candidates:
        with suppress(NotAChart):
            found.append(parse_manifest(data, place))
    if len(found) == 1:
        return found[0]
    problem = f"it is an index of {len(found)} charts; pin one by its own digest" if found else "its index has no chart"
    raise NotAChart(place, problem, (INDEX_TYPE,))


def _content(manifest: _Manifest, place: str) -> Descriptor:
    content = _only(manifest, CONTENT_TYPE, place)
    if content is None:
        content = _only(manifest, LEGACY_CONTENT_TYPE, place)
    if content is None:
        raise NotAChart(place, "it has no chart layer", tuple(layer.media_type for layer in manifest.layers))
    return content


def _only(manifest: _Manifest, media_type: str, place: str) -> Descriptor | None:
    found = [layer for layer in manifest.layers if layer.media_type == media_type]
    if not found:
        return None
    if len(found) > 1:
        raise NotAChart(place, f"it has {len(found)} layers of one kind", (media_type,))
    if not is_digest(found[0].digest) or found[0].size < 0:
        raise NotAChart(place, "a layer has no valid digest or size", (media_type,))
    return found[0]
