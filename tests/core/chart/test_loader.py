"""From files to a chart: sorting, Chart.yaml's checks, and charts inside charts."""

import pytest
from packing import packed

from steersman.core.chart.chartfile import V3
from steersman.core.chart.errors import ChartError
from steersman.core.chart.loader import chart_api, load_archive, load_files
from steersman.core.chart.model import crd_files, walk

CHART = b"apiVersion: v2\nname: app\nversion: 0.1.0\n"


def sub(name: str) -> bytes:
    return b"apiVersion: v2\nname: %s\nversion: 0.1.0\n" % name.encode()


def test_files_go_where_helm_puts_them() -> None:
    chart = load_files(
        {
            "Chart.yaml": CHART,
            "Chart.lock": b"digest: sha256:1",
            "values.yaml": b"a: 1\n---\nb: 2\n",
            "values.schema.json": b"{}",
            "templates/x.yaml": b"x",
            "crds/c.yaml": b"c",
            "README.md": b"read",
            "charts/sub.tgz.prov": b"signature",
        }
    )
    assert chart.values == {"a": 1.0, "b": 2.0}
    assert chart.schema == b"{}"
    assert chart.lock == {"digest": "sha256:1"}
    assert [file.name for file in chart.templates] == ["templates/x.yaml"]
    assert [file.name for file in chart.files] == ["crds/c.yaml", "README.md", "charts/sub.tgz.prov"]


def test_charts_inside_are_folders_or_archives_sorted_by_name() -> None:
    chart = load_files(
        {
            "Chart.yaml": CHART,
            "charts/z/Chart.yaml": sub("z"),
            "charts/a-1.0.0.tgz": packed({"Chart.yaml": sub("a"), "charts/deep/Chart.yaml": sub("deep")}),
            "charts/_skipped/x": b"",
            "charts/.hidden": b"",
        }
    )
    assert [path for path, _ in walk(chart)] == [
        "app",
        "app/charts/a",
        "app/charts/a/charts/deep",
        "app/charts/z",
    ]


def test_crds_of_the_whole_tree_parents_first() -> None:
    chart = load_files(
        {
            "Chart.yaml": CHART,
            "crds/b.yaml": b"",
            "crds/notes.txt": b"",
            "crds/a.JSON": b"",
            "charts/s/Chart.yaml": sub("s"),
            "charts/s/crds/x.yml": b"",
        }
    )
    assert [file.name for file in crd_files(chart)] == ["app/crds/b.yaml", "app/crds/a.JSON", "app/charts/s/crds/x.yml"]


def test_scalars_of_chart_yaml_become_strings_and_strings_are_cleaned() -> None:
    text = b'name: app\nversion: 1.0\nappVersion: 1.10\ndescription: "a\\tb\\u0007"\nNAME: other\n'
    metadata = load_files({"Chart.yaml": text}).metadata
    assert (metadata.name, metadata.version, metadata.app_version, metadata.description) == ("app", "1", "1.1", "a b")


def test_requirements_of_a_v1_chart_are_its_dependencies_and_stay_files() -> None:
    requirements = b"dependencies: [{name: x, alias: other}]\n"
    chart = load_files({"Chart.yaml": b"name: app\nversion: 0.1.0\n", "requirements.yaml": requirements})
    assert chart.metadata.api_version == "v1"
    assert [(entry.name, entry.key) for entry in chart.metadata.dependencies or ()] == [("x", "other")]
    assert [file.name for file in chart.files] == ["requirements.yaml"]


@pytest.mark.parametrize(
    ("chart_yaml", "message"),
    [
        pytest.param("version: 1.0.0", "validation: chart.metadata.name is required", id="no-name"),
        pytest.param("name: a/b\nversion: 1.0.0", 'validation: chart.metadata.name "a/b" is invalid', id="slash"),
        pytest.param("name: ..\nversion: 1.0.0", 'validation: chart.metadata.name ".." is not allowed', id="dots"),
        pytest.param("name: a", "validation: chart.metadata.version is required", id="no-version"),
        pytest.param("name: a\nversion: x", 'validation: chart.metadata.version "x" is invalid', id="version"),
        pytest.param(
            "name: a\nversion: 1.0.0\ntype: other",
            "validation: chart.metadata.type must be application or library",
            id="type",
        ),
        pytest.param(
            "name: a\nversion: 1.0.0\ndependencies: [{name: x}, {name: y, alias: x}]",
            'validation: more than one dependency with name or alias "x"',
            id="twice",
        ),
        pytest.param(
            "name: a\nversion: 1.0.0\ndependencies: [{name: b, alias: c d}, null]",
            'validation: dependency "b" has disallowed characters in the alias',
            id="alias-before-null",
        ),
        pytest.param(
            "name: a\nversion: 1.0.0\nmaintainers: [null]",
            "validation: maintainers must not contain empty or null nodes",
            id="null-maintainer",
        ),
        pytest.param(
            "name: a\nversion: 1.0.0\nkeywords: {a: 1}",
            "cannot load Chart.yaml: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal object "
            "into Go struct field Metadata.keywords of type []string",
            id="wrong-type",
        ),
        pytest.param(
            "name: a\nversion: 1.0.0\ndependencies: [{name: x, version: {}}]",
            "cannot load Chart.yaml: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal object "
            "into Go struct field Dependency.dependencies.version of type string",
            id="wrong-type-nested",
        ),
    ],
)
def test_chart_yaml_is_checked_in_helms_words(chart_yaml: str, message: str) -> None:
    with pytest.raises(ChartError) as caught:
        load_files({"Chart.yaml": chart_yaml.encode()})
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("files", "message"),
    [
        pytest.param({"values.yaml": b""}, "Chart.yaml file is missing", id="no-chart-yaml"),
        pytest.param(
            {"Chart.yaml": CHART, "charts/README.md": b""},
            "error unpacking subchart README.md in app: Chart.yaml file is missing",
            id="file-in-charts",
        ),
        pytest.param(
            {"Chart.yaml": CHART, "values.yaml": b"- 1"},
            "cannot load values.yaml: cannot unmarshal yaml document: error unmarshaling JSON: while decoding JSON: "
            "json: cannot unmarshal array into Go value of type map[string]interface {}",
            id="values-no-map",
        ),
    ],
)
def test_what_is_no_chart(files: dict[str, bytes], message: str) -> None:
    with pytest.raises(ChartError) as caught:
        load_files(files)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("lock", "message"),
    [
        (b"generated: today", 'parsing time "today" as "2006-01-02T15:04:05Z07:00": cannot parse "today" as "2006"'),
        (b"generated: {a: 1}\ndigest: [x]", "Time.UnmarshalJSON: input is not a JSON string"),
        (b"digest: [x]", "json: cannot unmarshal array into Go struct field Lock.digest of type string"),
    ],
)
def test_a_lock_that_does_not_decode(lock: bytes, message: str) -> None:
    with pytest.raises(ChartError) as raised:
        load_files({"Chart.yaml": CHART, "Chart.lock": lock})
    assert raised.value.message == f"cannot load Chart.lock: error unmarshaling JSON: while decoding JSON: {message}"


def test_a_broken_archive_inside() -> None:
    with pytest.raises(ChartError) as raised:
        load_files({"Chart.yaml": CHART, "charts/a.tgz": packed({"Chart.yaml": sub("a")})[:-20]})
    assert raised.value.message == "error unpacking subchart a.tgz in app: unexpected EOF"


def test_archives_nest_only_so_deep() -> None:
    data = packed({"Chart.yaml": sub("leaf")})
    for _ in range(40):
        data = packed({"Chart.yaml": sub("x"), "charts/x.tgz": data})
    with pytest.raises(ChartError, match="nested more than 32 levels"):
        load_archive(data)


def test_an_unknown_api_version_of_a_root_chart() -> None:
    with pytest.raises(ChartError) as caught:
        load_archive(packed({"Chart.yaml": b"apiVersion: v9\nname: a\nversion: 1.0.0"}))
    assert caught.value.message == "unsupported chart version"


CHART_V3 = b"apiVersion: v3\nname: app\nversion: 0.1.0\n"


def test_a_v3_chart_reads_no_requirements_and_its_subcharts_are_v3_too() -> None:
    requirements = b"dependencies: [{name: x, version: '1'}]"
    subchart = b"name: sub\nversion: 1.0.0"
    chart = load_archive(
        packed({"Chart.yaml": CHART_V3, "requirements.yaml": requirements, "charts/sub/Chart.yaml": subchart})
    )
    assert chart.metadata.api_version == "v3"
    assert chart.metadata.dependencies is None
    assert [file.name for file in chart.files] == ["requirements.yaml"]
    assert chart.subcharts[0].metadata.api_version == "v3"


@pytest.mark.parametrize(
    ("chart_yaml", "message"),
    [
        pytest.param(b"apiVersion: v3\nname: app\n", "validation: chart.metadata.version is required", id="version"),
        pytest.param(
            CHART_V3 + b"maintainers: [{name: []}]",
            "cannot load Chart.yaml: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into "
            "Go struct field Maintainer.maintainers.name of type string",
            id="types",
        ),
        pytest.param(
            CHART_V3 + b"maintainers: x",
            "cannot load Chart.yaml: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal string into "
            "Go struct field Metadata.maintainers of type []*v3.Maintainer",
            id="types-of-its-own",
        ),
    ],
)
def test_v3_charts_are_checked(chart_yaml: bytes, message: str) -> None:
    with pytest.raises(ChartError) as caught:
        load_files({"Chart.yaml": chart_yaml}, chart_api(chart_yaml))
    assert caught.value.message == message


def test_files_of_a_v3_chart_can_be_read_by_v2_rules() -> None:
    files = {"Chart.yaml": CHART_V3, "requirements.yaml": b"dependencies: [{name: x, version: '1'}]"}
    assert load_files(files, V3).metadata.dependencies is None
    assert load_files(files).metadata.dependencies is not None


def test_the_json_of_a_release_record_has_no_empty_fields() -> None:
    chart = load_files({"Chart.yaml": CHART + b"dependencies: [{name: x, version: '1'}]\nmaintainers: [{name: m}]\n"})
    assert chart.metadata.as_json() == {
        "name": "app",
        "version": "0.1.0",
        "maintainers": [{"name": "m"}],
        "apiVersion": "v2",
        "dependencies": [{"name": "x", "version": "1", "repository": ""}],
    }
