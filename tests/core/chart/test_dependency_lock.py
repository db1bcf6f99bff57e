"""Chart.lock as Helm 4.3.1 writes and judges it. The digests are those that `helm dependency update` wrote."""

from __future__ import annotations

import pytest

from steersman.core.chart.chartfile import decode_chart_file, decode_lock, parse_metadata
from steersman.core.chart.dependency_lock import (
    LEGACY_WARNING,
    Lock,
    LockOutOfSync,
    check_lock,
    legacy_digest,
    lock_digest,
    lock_file,
)
from steersman.core.chart.metadata import Dependency

WANTED = (Dependency("lib", "^1.0.0", "file://../lib"),)
LOCKED = (Dependency("lib", "1.2.3", "file://../lib"),)


def dependencies_of(text: str) -> tuple[Dependency, ...]:
    """The entries of a Chart.yaml whose `dependencies` are this text."""
    metadata = parse_metadata(decode_chart_file(f"apiVersion: v2\nname: app\nversion: 1.0.0\n{text}".encode()))
    assert metadata.dependencies is not None
    return metadata.dependencies


EVERY_FIELD = """
dependencies:
- name: lib
  version: ">=1.0.0 <2"
  repository: file://../lib
  condition: lib.enabled,global.<&>
  tags: [front, "é\u2028"]
  enabled: true
  import-values:
  - data
  - child: a
    parent: b
  - {z: 1, a: 2.5, m: 1e21, n: null, t: true, l: [1, {}]}
  alias: other
"""


def test_text() -> None:
    lock = Lock("2026-11-29T10:25:48.945695156Z", "sha256:abc", (Dependency("lib", "1.2.3", "https://x/y"), None))
    assert lock.text() == (
        "dependencies:\n"
        "- name: lib\n"
        "  repository: https://x/y\n"
        "  version: 1.2.3\n"
        "- null\n"
        "digest: sha256:abc\n"
        'generated: "2026-11-29T10:25:48.945695156Z"\n'
    )


@pytest.mark.parametrize(
    ("text", "lock"),
    [
        ("{}\n", Lock()),
        ("dependencies: []\n", Lock(dependencies=())),
        (
            Lock("2026-11-29T10:25:48Z", "sha256:abc", (Dependency("a", "1", "b", alias="c", tags=("t",)),)).text(),
            Lock("2026-11-29T10:25:48Z", "sha256:abc", (Dependency("a", "1", "b", alias="c", tags=("t",)),)),
        ),
        ("dependencies:\n- null\n- name: x\n", Lock(dependencies=(None, Dependency("x")))),
        (
            "dependencies:\n- {name: x, import-values: [a, {child: b}]}\n",
            Lock(dependencies=(Dependency("x", import_values=("a", {"child": "b"})),)),
        ),
    ],
    ids=["empty", "no-entries", "its-own-text", "null", "import-values"],
)
def test_reading(text: str, lock: Lock) -> None:
    fields = decode_lock(text.encode(), "Chart.lock")
    assert fields is not None
    assert Lock.from_fields(fields) == lock


@pytest.mark.parametrize("text", ["", "# nothing\n", "null\n"])
def test_an_empty_file_is_no_lock(text: str) -> None:
    assert decode_lock(text.encode(), "Chart.lock") is None


def test_what_a_file_lacks_is_written_as_go_has_it() -> None:
    assert Lock().text() == 'dependencies: null\ndigest: ""\ngenerated: "0001-01-01T00:00:00Z"\n'


FOLDER = 'repository: "file://../lib"'
NUMBERS = '[{a: 12345678901234567890, b: 1e20, c: 0.1, d: 1.0, e: 0x10}, 7, null, "\\u0001\\u007f\\u2028\\u00e9"]'


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        (EVERY_FIELD, "fc1eebc195b360429952a17677e2c6656295b0e03e9f57cb528df0b2833b29a8"),
        (
            f"dependencies:\n- {{name: lib, version: ^1.0.0, {FOLDER}}}\n",
            "8ec27bb01774a45d7a59f0152417ffd6240b8a4e3ddcc3ca1daed8f6e41a0d80",
        ),
        ("dependencies: []\n", "643d5437104296e21d906ecb15b2c96ad278f20cfc4af53b12bb6069bd853726"),
        (
            f"dependencies:\n- {{name: lib, version: 1.2.3, {FOLDER}, import-values: {NUMBERS}}}\n",
            "eeb8df26db9c3b08fc850cc98ce44568546c1db192fadcb6b6b9c31ff74854f4",
        ),
    ],
    ids=["every-field", "plain", "none", "numbers"],
)
def test_digest(text: str, digest: str) -> None:
    wanted = dependencies_of(text)
    locked = [Dependency(entry.name, "1.2.3", entry.repository) for entry in wanted]
    assert lock_digest(wanted, locked) == f"sha256:{digest}"


def test_lists_that_are_not_there_differ_from_empty_ones() -> None:
    digests = {lock_digest(wanted, locked) for wanted in (None, ()) for locked in (None, (), (None,))}
    assert len(digests) == 6


def locked_as(digest: str) -> Lock:
    return Lock("2026-11-29T10:25:48Z", digest, LOCKED)


def test_a_lock_that_fits() -> None:
    assert check_lock(locked_as(lock_digest(WANTED, LOCKED)), WANTED, WANTED, api_version="v2") is None


def test_helm_2s_lock_fits_charts_of_v1_and_that_is_said() -> None:
    # Helm 4.3.1 accepts this digest for a chart of apiVersion v1.
    digest = "sha256:bec118e471a430cff02c9237c4d15a4bfc4b941617e57ac1eaa86376727a8fe6"
    assert legacy_digest(WANTED) == digest
    assert check_lock(locked_as(digest), WANTED, WANTED, api_version="v1") == LEGACY_WARNING
    with pytest.raises(LockOutOfSync):
        check_lock(locked_as(digest), WANTED, WANTED, api_version="v2")


def test_helm_2_took_the_alias_for_the_repository() -> None:
    written = (WANTED[0]._replace(repository="@here"),)
    lock = locked_as(legacy_digest(written))
    assert check_lock(lock, WANTED, written, api_version="v1") == LEGACY_WARNING


@pytest.mark.parametrize(
    ("api_version", "message"),
    [
        (
            "v2",
            "the lock file (Chart.lock) is out of sync with the dependencies file (Chart.yaml). Please update the "
            "dependencies with 'helm dependency update'",
        ),
        (
            "v1",
            "the lock file (requirements.lock) is out of sync with the dependencies file (requirements.yaml). Please "
            "update the dependencies",
        ),
    ],
)
def test_out_of_sync(api_version: str, message: str) -> None:
    with pytest.raises(LockOutOfSync) as caught:
        check_lock(locked_as("sha256:x"), WANTED, WANTED, api_version=api_version)
    assert caught.value.message == message
    assert "steersman dependency update" in caught.value.hint


def test_the_file_is_named_by_the_api_version() -> None:
    assert [lock_file(version) for version in ("v1", "v2", "")] == ["requirements.lock", "Chart.lock", "Chart.lock"]
