"""Rules for Chart.yaml."""

from __future__ import annotations

import pytest
from core.lint.folders import folder

from steersman.core.lint.chartfile import check_chart_file

SOUND = "apiVersion: v2\nname: app\nversion: 1.0.0\nicon: https://example.com/icon.svg\n"


@pytest.mark.parametrize(
    ("chart_yaml", "lines"),
    [
        pytest.param(SOUND, [], id="sound"),
        pytest.param(
            SOUND.replace("icon: https://example.com/icon.svg\n", ""), ["[INFO] icon is recommended"], id="icon"
        ),
        pytest.param(
            SOUND + "name: b\n",
            [
                "[WARNING] failed to strictly parse chart metadata file\n\terror converting "
                'YAML to JSON: yaml: unmarshal errors:\n  line 5: key "name" already set in map'
            ],
            id="twice",
        ),
        pytest.param(
            SOUND + "nmae: b\n",
            [
                "[WARNING] failed to strictly parse chart metadata file\n\terror unmarshaling "
                'JSON: while decoding JSON: json: unknown field "nmae"'
            ],
            id="unknown-field",
        ),
        pytest.param(
            SOUND + "maintainers: [{name: a, mail: b}]\n",
            [
                "[WARNING] failed to strictly parse chart metadata "
                'file\n\terror unmarshaling JSON: while decoding JSON: json: unknown field "mail"'
            ],
            id="unknown-inner-field",
        ),
        pytest.param(SOUND.replace("name: app", "name: a/b"), ['[ERROR] chart name "a/b" is invalid'], id="name"),
        pytest.param(SOUND.replace("name: app\n", ""), ["[ERROR] name is required"], id="no-name"),
        pytest.param(
            SOUND.replace("v2", "v3"),
            ['[ERROR] apiVersion \'v3\' is not valid. The value must be either "v1" or "v2"'],
            id="v3",
        ),
        pytest.param(
            SOUND.replace("1.0.0", "1.2"),
            [
                "[ERROR] version should be of type string but it's of type float64",
                "[WARNING] version '1.2' is not a valid SemVerV2",
            ],
            id="version-number",
        ),
        pytest.param(
            SOUND.replace("1.0.0", "one"),
            ["[ERROR] version 'one' is not a valid SemVer", "[WARNING] version 'one' is not a valid SemVerV2"],
            id="no-version",
        ),
        pytest.param(
            SOUND.replace("version: 1.0.0\n", ""),
            ["[ERROR] version is required", "[WARNING] version '' is not a valid SemVerV2"],
            id="version-missing",
        ),
        pytest.param(
            SOUND.replace("1.0.0", "v0.0.0-0+x"),
            [
                '[ERROR] version "0.0.0-0+x" is less than or equal to "0.0.0-0"',
                "[WARNING] version 'v0.0.0-0+x' is not a valid SemVerV2",
            ],
            id="lowest-version",
        ),
        pytest.param(
            SOUND + "appVersion: true\n",
            ["[ERROR] appVersion should be of type string but it's of type bool"],
            id="app-version",
        ),
        pytest.param(SOUND + "maintainers: [null]\n", ["[ERROR] a maintainer entry is empty"], id="null-maintainer"),
        pytest.param(
            SOUND + "maintainers: [{name: a, url: '.x'}, {}]\n",
            ["[ERROR] invalid url '.x' for maintainer 'a'"],
            id="first-maintainer",
        ),
        pytest.param(SOUND + "sources: ['']\n", ["[ERROR] invalid source URL ''"], id="empty-source"),
        pytest.param(
            SOUND.replace("v2", "v1") + "type: library\ndependencies: [{name: a}]\n",
            [
                "[ERROR] chart type is not valid in apiVersion 'v1'. It is valid in apiVersion 'v2'",
                "[ERROR] dependencies are not valid in the Chart file with apiVersion 'v1'. They are valid in "
                "apiVersion 'v2'",
            ],
            id="v1",
        ),
        pytest.param(
            "a",
            [
                "[ERROR] unable to parse YAML\n\terror unmarshaling JSON: while decoding JSON: json: cannot "
                "unmarshal string into Go value of type v2.Metadata"
            ],
            id="no-map",
        ),
    ],
)
def test_rules(chart_yaml: str, lines: list[str]) -> None:
    found = check_chart_file(folder({"Chart.yaml": chart_yaml}))
    assert [str(finding).replace("Chart.yaml: ", "", 1) for finding in found] == lines
