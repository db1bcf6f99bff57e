"""The payload of release records: as Helm writes it, and whatever Helm may have written."""

import base64
import gzip
import json
import random
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from steersman.core.release import codec
from steersman.core.release.errors import RecordUnreadable
from steersman.core.release.model import (
    HookPhase,
    HookRun,
    Release,
    ReleaseChart,
    ReleaseHook,
    ReleaseStatus,
)

HELM = (Path(__file__).parents[2] / "data" / "records" / "helm-4.3.1.payload").read_bytes()
"""What Helm 4.3.1 stored of the chart beside it, in UTC."""
NOON = datetime(2026, 1, 1, 12, 0, 0, 120000, tzinfo=UTC)


def text_of(payload: bytes) -> str:
    return gzip.decompress(base64.b64decode(payload)).decode("utf-8")


def payload_of(document: Any) -> bytes:
    return base64.b64encode(gzip.compress(json.dumps(document).encode()))


def release(**fields: Any) -> Release:
    least = Release(
        name="web",
        namespace="shop",
        revision=3,
        status=ReleaseStatus.DEPLOYED,
        chart=ReleaseChart({"name": "web", "version": "1.2.3"}),
    )
    return replace(least, **fields)


FULL = release(
    chart=ReleaseChart({"name": "web", "version": "1.2.3", "appVersion": "9"}, {"z": 1, "a": {"d": None, "c": [1.5]}}),
    config={"b": True, "a": "<&>"},
    manifest="---\n# Source: a\nkind: A\n",
    hooks=(
        ReleaseHook(
            name="h",
            kind="Job",
            path="web/templates/h.yaml",
            manifest="kind: Job\n",
            events=("pre-install", "post-upgrade"),
            weight=-5,
            delete_policies=("hook-succeeded",),
            output_log_policies=("hook-failed",),
            last_run=HookRun(HookPhase.SUCCEEDED, NOON, NOON),
        ),
    ),
    notes="Hello",
    description="Upgrade complete",
    first_deployed=NOON,
    last_deployed=NOON,
    deleted=NOON,
    rollback_revision=2,
)


def test_a_slim_record_is_helms_own_without_the_files_of_the_chart() -> None:
    """Byte for byte, but for the nanoseconds that Python has not."""
    slim = re.sub(r'"templates":\[.*?\],"values"', '"templates":null,"values"', text_of(HELM))
    slim = re.sub(r'"schema":".*?","schemamodtime":".*?"', '"schema":null,"schemamodtime":"0001-01-01T00:00:00Z"', slim)
    slim = re.sub(r'"files":\[.*?\],"modtime":".*?"', '"files":null', slim)
    expected = re.sub(r"(\.\d{6})\d{1,3}Z", r"\1Z", slim)
    assert text_of(codec.encode(codec.decode(HELM))) == expected


def test_reading_a_record_of_helms() -> None:
    read = codec.decode(HELM)
    assert (read.name, read.namespace, read.revision, read.status) == (
        "golden",
        "default",
        1,
        ReleaseStatus.DEPLOYED,
    )
    assert (read.chart.label, read.chart.app_version, read.apply_method) == ("records-1.2.3", "9.9", "ssa")
    assert read.chart.values["list"] == [1, "two", {"three": 3}]
    assert read.config["greeting"] == "grüß <&> \u2028 Gott"
    assert read.notes.startswith("grüß <&>")
    assert read.manifest.startswith("---\n# Source: records/templates/config.yaml\n")
    assert read.first_deployed is not None
    assert read.first_deployed.tzinfo is not None
    (hook,) = read.hooks
    assert (hook.name, hook.kind, hook.weight, hook.events) == (
        "golden-hook",
        "ConfigMap",
        -5,
        ("pre-install", "pre-upgrade"),
    )
    assert hook.last_run.phase is HookPhase.SUCCEEDED


@pytest.mark.parametrize("written", [release(), FULL], ids=["least", "full"])
def test_what_is_written_is_read(written: Release) -> None:
    assert codec.decode(codec.encode(written)) == written


def test_keys_are_in_helms_order_and_empty_ones_left_out() -> None:
    assert text_of(codec.encode(release(apply_method=""))) == (
        '{"name":"web","info":{"status":"deployed"},"chart":{"metadata":{"name":"web","version":"1.2.3"},"lock":null,'
        '"templates":null,"values":{},"schema":null,"schemamodtime":"0001-01-01T00:00:00Z","files":null},'
        '"version":3,"namespace":"shop"}'
    )


def test_the_same_release_is_the_same_payload() -> None:
    shuffled = replace(FULL, config=dict(reversed(FULL.config.items())))
    assert codec.encode(shuffled) == codec.encode(FULL)


def test_a_record_of_helms_keeps_what_is_not_ours() -> None:
    document = json.loads(text_of(HELM))
    document["info"]["resources"] = {"v1/ConfigMap": []}
    document["later"] = {"field": 1}
    superseded = codec.decode(HELM).with_status(ReleaseStatus.SUPERSEDED, "Superseded")
    changed = json.loads(text_of(codec.encode_onto(superseded, payload_of(document))))
    assert changed["chart"] == document["chart"]
    assert changed["later"] == {"field": 1}
    assert changed["info"]["resources"] == {"v1/ConfigMap": []}
    assert (changed["info"]["status"], changed["info"]["description"]) == ("superseded", "Superseded")
    assert codec.decode(codec.encode_onto(superseded, HELM)) == superseded


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-01T12:00:00Z", datetime(2026, 1, 1, 12, tzinfo=UTC)),
        ("2026-01-01T13:00:00.5+01:00", datetime(2026, 1, 1, 12, 0, 0, 500000, tzinfo=UTC)),
        ("2026-01-01T12:00:00.123456789Z", datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("", None),
        (None, None),
    ],
    ids=str,
)
def test_times(text: str | None, expected: datetime | None) -> None:
    document = {"name": "a", "version": 1, "info": {"status": "failed", "last_deployed": text}}
    assert codec.decode(payload_of(document)).last_deployed == expected


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 1, 1, 12, tzinfo=UTC), "2026-01-01T12:00:00Z"),
        (datetime(2026, 1, 1, 12, 0, 0, 500000, tzinfo=UTC), "2026-01-01T12:00:00.5Z"),
        (datetime.fromisoformat("2026-01-01T12:00:10+01:00"), "2026-01-01T11:00:10Z"),
    ],
    ids=str,
)
def test_times_are_written_as_go_does(moment: datetime, text: str) -> None:
    document = json.loads(text_of(codec.encode(release(last_deployed=moment))))
    assert document["info"]["last_deployed"] == text


def test_what_json_cannot_hold_becomes_what_go_makes_of_it() -> None:
    written = release(config={"big": 2**70, "bytes": "a\udcffb"}, manifest="kind: \udcfe\n")
    read = codec.decode(codec.encode(written))
    assert read.config == {"big": float(2**70), "bytes": "a\ufffdb"}
    assert read.manifest == "kind: \ufffd\n"


def test_a_record_from_before_compression() -> None:
    plain = base64.b64encode(json.dumps({"name": "a", "version": 2, "info": {}}).encode())
    read = codec.decode(plain)
    assert (read.name, read.revision, read.status, read.apply_method) == ("a", 2, ReleaseStatus.UNKNOWN, "")


def test_states_of_later_versions_read_as_unknown() -> None:
    document = {"name": "a", "version": 1, "info": {"status": "paused"}}
    assert codec.decode(payload_of(document)).status is ReleaseStatus.UNKNOWN


@pytest.mark.parametrize(
    ("payload", "complaint"),
    [
        pytest.param(b"!", "no base64 of gzip of JSON", id="no base64"),
        pytest.param(base64.b64encode(b"\x1f\x8b\x08broken"), "no base64 of gzip of JSON", id="no gzip"),
        pytest.param(base64.b64encode(gzip.compress(b"{}" * 999)[:20]), "ends early", id="cut off"),
        pytest.param(base64.b64encode(gzip.compress(b"{")), "no base64 of gzip of JSON", id="no JSON"),
        pytest.param(payload_of([]), "no object", id="a list"),
        pytest.param(payload_of({}), "no Helm release", id="no name"),
        pytest.param(payload_of({"name": "a", "version": "x"}), "no Helm release", id="no number"),
        pytest.param(payload_of({"name": "a", "version": 1, "info": "x"}), "no Helm release", id="no info"),
        pytest.param(payload_of({"name": "a", "version": 1, "chart": {"metadata": ["x"]}}), "a map", id="no metadata"),
        pytest.param(payload_of({"name": "a", "version": 1, "config": "x"}), "a map", id="no config"),
        pytest.param(
            payload_of({"name": "a", "version": 1, "hooks": [{"last_run": {"phase": "Odd"}}]}),
            "no Helm release",
            id="odd phase",
        ),
        pytest.param(base64.b64encode(gzip.compress(b" " * (codec.MAX_DECODED + 1))), "more than 64 MiB", id="a bomb"),
    ],
)
def test_what_is_no_record_is_refused(payload: bytes, complaint: str) -> None:
    with pytest.raises(RecordUnreadable, match=complaint):
        codec.decode(payload)


@pytest.mark.parametrize("seed", range(20))
def test_damage_is_refused_or_harmless(seed: int) -> None:
    """Whatever the bytes: a release, or RecordUnreadable."""
    dice = random.Random(seed)
    text = bytearray(gzip.decompress(base64.b64decode(HELM)))
    for _ in range(100):
        damaged = bytearray(text)
        for _ in range(dice.randrange(1, 4)):
            damaged[dice.randrange(len(damaged))] = dice.choice(b'"{}[]:,0nx\xff')
        try:
            read = codec.decode(base64.b64encode(bytes(damaged)))
        except RecordUnreadable:
            continue
        assert isinstance(read, Release)
        codec.encode(read)
