"""index.yaml → Index: what Helm reads, skips and refuses, by the fast way and by the exact one."""

from __future__ import annotations

import io
import json

import pytest

from steersman.core.chart.index import Index, Skipped
from steersman.core.chart.indexfile import (
    EXACT_BYTES,
    IndexBounds,
    IndexTooLarge,
    InvalidIndex,
    index_from_bytes,
    read_index,
)
from steersman.core.chart.indexstream import NotCovered, stream_index

HEAD = "apiVersion: v1\nentries:\n"
WEB = "  web:\n  - {name: web, version: 1.0.0, urls: [web-1.0.0.tgz], digest: abc}\n"


def read(text: str) -> Index:
    return index_from_bytes(text.encode())


def versions(index: Index, name: str = "web") -> list[str]:
    return [entry.version for entry in index.versions(name)]


def test_what_is_kept_of_a_version() -> None:
    index = read(
        HEAD
        + """
  web:
  - apiVersion: v2
    appVersion: 1.10
    created: 2026-01-02T03:04:05.678901234+02:00
    deprecated: true
    description: "Serves\\tpages"
    digest: sha256:ab
    keywords: [a, 1]
    name: web
    type: application
    urls:
    - https://example.com/web-1.0.0.tgz
    version: 1.0.0
    annotations: {a: b}
    maintainers: [{name: me}]
    dependencies: [{name: x, version: 1, repository: ""}]
generated: "2026-01-01T00:00:00Z"
"""
    )
    (entry,) = index.versions("web")
    assert (entry.name, entry.version, entry.urls) == ("web", "1.0.0", ("https://example.com/web-1.0.0.tgz",))
    assert (entry.app_version, entry.description, entry.keywords) == ("1.1", "Serves pages", ("a", "1"))
    assert (entry.digest, entry.deprecated, entry.type) == ("sha256:ab", True, "application")
    assert entry.created == "2026-01-02T03:04:05.678901234+02:00"


SKIPPED = [
    pytest.param("- null\n", Skipped("app"), id="empty"),
    pytest.param("-\n", Skipped("app"), id="nothing"),
    pytest.param("- {}\n", Skipped("app", "", "validation: chart.metadata.name is required"), id="no-name"),
    pytest.param(
        "- {name: app}\n", Skipped("app", "", "validation: chart.metadata.version is required"), id="no-version"
    ),
    pytest.param(
        "- {name: app, version: one}\n", Skipped("app", "one", 'validation: chart.metadata.version "one" is invalid'),
        id="version",
    ),
    pytest.param(
        "- {name: a/b, version: 1.0.0}\n", Skipped("app", "1.0.0", 'validation: chart.metadata.name "a/b" is invalid'),
        id="path-in-name",
    ),
    pytest.param(
        "- {name: app, version: 1.0.0, type: other}\n",
        Skipped("app", "1.0.0", "validation: chart.metadata.type must be application or library"), id="type",
    ),
    pytest.param(
        "- {name: app, version: 1.0.0, maintainers: [null]}\n",
        Skipped("app", "1.0.0", "validation: maintainers must not contain empty or null nodes"), id="maintainers",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("entry", "skipped"), SKIPPED)
def test_entries_that_are_no_charts_are_skipped(entry: str, skipped: Skipped) -> None:
    index = read(f"{HEAD}{WEB}  app:\n  {entry}  - {{name: app, version: 2.0.0}}\n")
    assert index.skipped == (skipped,)
    assert versions(index) == ["1.0.0"]
    assert versions(index, "app") == ["2.0.0"]


def test_dependencies_of_one_name_are_taken() -> None:
    index = read(HEAD + "  web:\n  - {name: web, version: 1.0.0, dependencies: [{name: a}, {name: a}]}\n")
    assert versions(index) == ["1.0.0"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("", "empty index.yaml file", id="empty"),
        pytest.param("# nothing\n", "no API version specified", id="comment"),
        pytest.param("null", "no API version specified", id="null"),
        pytest.param("entries: {}\n", "no API version specified", id="no-api-version"),
        pytest.param('{"entries": {}}', "no API version specified", id="no-api-version-json"),
        pytest.param(
            HEAD + "  web:\n  - {name: web, version: 1.0.0, foo: 1}\n",
            'error unmarshaling JSON: while decoding JSON: json: unknown field "foo"', id="unknown-field",
        ),
        pytest.param(
            HEAD + WEB + WEB,
            'error converting YAML to JSON: yaml: unmarshal errors:\n  line 6: key "web" already set in map',
            id="twice",
        ),
        pytest.param(
            HEAD + WEB + "entries: {}\n",
            'error converting YAML to JSON: yaml: unmarshal errors:\n  line 5: key "entries" already set in map',
            id="entries-twice",
        ),
        pytest.param("<!DOCTYPE html>\n<html>\n", "json: cannot unmarshal string into Go value of type repo.IndexFile",
                     id="html"),
        pytest.param("apiVersion: v1\nentries: [\n", "did not find expected node content", id="cut"),
        pytest.param(HEAD + "  web: {}\n", "json: cannot unmarshal object into Go struct field", id="chart-is-a-map"),
        pytest.param("apiVersion: v1\nentries: 3\n", "json: cannot unmarshal number into Go struct field", id="number"),
        pytest.param("apiVersion: v1\nentries: [a]\n", "json: cannot unmarshal array into Go struct field", id="list"),
        pytest.param(HEAD + "  web:\n  - {name: web, version: 1.0.0, created: now}\n", 'parsing time "now"', id="time"),
        pytest.param('{"apiVersion": "v1", "entries": {"web": [{"name": 1}]}}',
                     "json: cannot unmarshal number into Go struct field", id="json-number"),
        pytest.param('{"apiVersion": "v1", "entries": []}', "json: cannot unmarshal array", id="json-list"),
        pytest.param('["v1"]', "json: cannot unmarshal array into Go value of type repo.IndexFile", id="json-array"),
        pytest.param(HEAD + "  a: &a [x]\n  web: *b\n", "yaml: unknown anchor 'b' referenced", id="anchor"),
        pytest.param("[", "did not find expected node content", id="json-cut-at-once"),
        pytest.param("\x00", "control characters are not allowed", id="binary"),
    ],
)  # fmt: skip
def test_refuses_in_helms_words(text: str, problem: str) -> None:
    with pytest.raises(InvalidIndex) as caught:
        read(text)
    assert problem in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(HEAD + WEB, id="yaml"),
        pytest.param("\ufeff" + HEAD + WEB, id="byte-order-mark"),
        pytest.param("---\n" + HEAD + WEB + "---\nother: document\n", id="documents"),
        pytest.param("apiVersion: v1\nentries: &e\n  web:\n  - &w {name: web, version: 1.0.0}\n", id="anchors"),
        pytest.param("apiVersion: v1\nEntries:\n" + WEB, id="other-case"),
        pytest.param('{apiVersion: v1, entries: {web: [{name: web, version: "1.0.0"}]}}', id="flow"),
        pytest.param('{"apiVersion":"v1","entries":{"web":[{"name":"web","version":"1.0.0","foo":1}]}}', id="json"),
        pytest.param(
            '\n {"apiVersion":"v1","ENTRIES":{"web":[{"name":"web","version":"1.0.0"}],"b":null}}', id="json-case"
        ),
    ],
)  # fmt: skip
def test_forms_that_helm_reads(text: str) -> None:
    assert versions(read(text)) == ["1.0.0"]


@pytest.mark.parametrize("text", [HEAD + "  web:\n", HEAD + "  web: []\n", HEAD + "  web: [null]\n"])
def test_a_chart_without_versions(text: str) -> None:
    index = read(text)
    assert "web" in index
    assert index.get("web") is None


def test_the_fast_way_is_the_one_that_programs_take() -> None:
    document = {"apiVersion": "v1", "entries": {"web": [{"name": "web", "version": "1.0.0", "urls": ["u"]}]}}
    for text in (HEAD + WEB, json.dumps(document)):
        found = {name: value if isinstance(value, str) else list(value) for name, value in stream_index(_file(text))}
        assert found["apiVersion"] == "v1"
        assert [entry["version"] for entry in found["web"]] == ["1.0.0"]


@pytest.mark.parametrize(
    "text",
    [
        HEAD + WEB + "  b: &anchor []\n", HEAD + "  b: !!seq []\n", HEAD + WEB + WEB, "%YAML 1.1\n---\n" + HEAD + WEB,
        HEAD + '  b:\n  - {description: "a\\/b"}\n', HEAD + "  b:\n  - {description: a?b}\n", HEAD + "  b:\n  - .nan\n",
        "apiVersion: v1\n<<: {entries: {}}\n", HEAD + "  b:\n  - " + "[" * 300 + "]" * 300 + "\n",
    ],
)  # fmt: skip
def test_the_fast_way_leaves_the_rest_to_the_exact_one(text: str) -> None:
    with pytest.raises(NotCovered):
        for _, value in stream_index(_file(text)):
            list(value)


def test_a_large_index_must_be_plain() -> None:
    text = HEAD + "  b: &anchor []\n" + "# filler\n" * (EXACT_BYTES // 9)
    with pytest.raises(InvalidIndex, match="anchors, aliases and tags") as caught:
        read(text)
    assert "4 MiB" in caught.value.hint


def test_a_large_index_that_is_cut_says_where() -> None:
    text = HEAD + WEB + "# filler\n" * (EXACT_BYTES // 9) + '  b:\n  - {name: "b'
    with pytest.raises(InvalidIndex, match=r"yaml: line \d+: found unexpected end of stream"):
        read(text)


@pytest.mark.parametrize(
    ("bounds", "problem"),
    [
        pytest.param(IndexBounds(charts=2), "more than 2 charts", id="charts"),
        pytest.param(IndexBounds(chart_bytes=1000), "versions of chart web take more than 1000 bytes", id="texts"),
        pytest.param(IndexBounds(packed_bytes=20), "charts take more than 20 bytes", id="packed"),
    ],
)
def test_more_than_is_kept(bounds: IndexBounds, problem: str) -> None:
    text = HEAD + f"  a: []\n  b: []\n  web:\n  - {{name: web, version: 1.0.0, description: {'d' * 1000}}}\n"
    with pytest.raises(IndexTooLarge, match=problem):
        index_from_bytes(text.encode(), bounds)


def _file(text: str) -> io.BytesIO:
    return io.BytesIO(text.encode())


def test_an_alias_bomb_is_refused() -> None:
    levels = "".join(f"x{level}: &x{level} [{', '.join([f'*x{level - 1}'] * 10)}]\n" for level in range(1, 12))
    with pytest.raises(InvalidIndex, match="excessive aliasing"):
        read(f"x0: &x0 [a]\n{levels}{HEAD}{WEB}")


def test_reads_from_a_file_of_any_size() -> None:
    data = (HEAD + WEB).encode()
    assert versions(read_index(io.BytesIO(data), len(data))) == ["1.0.0"]
