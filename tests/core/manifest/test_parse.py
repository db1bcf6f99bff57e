"""Splitting, heads and objects of rendered files; the order is in the vectors and in test_order."""

import pytest

from steersman.core.manifest.errors import ManifestError
from steersman.core.manifest.hooks import read_hook
from steersman.core.manifest.parse import parse_objects, sort_manifests, split_documents


@pytest.mark.parametrize(
    ("text", "documents"),
    [
        pytest.param("\n\n---\na: 1\n\n---\nb: 1\n", ["a: 1\n\n", "b: 1\n"], id="trailing-newlines-stay"),
        pytest.param("a: 1\n---b: 1\n", ["a: 1\n", "b: 1\n"], id="rest-of-the-line-is-content"),
        pytest.param("a: |\n---\n  x\n", ["a: |\n", "x\n"], id="inside-a-block"),
        pytest.param("a: 1\n ---\nb: 1\n", ["a: 1\n ---\nb: 1\n"], id="indented-is-none"),
        pytest.param("--- # c\na: 1", ["# c\na: 1"], id="comment"),
        pytest.param("---\n  \n---\n", [], id="blank"),
    ],
)
def test_split(text: str, documents: list[str]) -> None:
    assert split_documents(text) == documents


def test_manifests_hooks_and_what_is_neither() -> None:
    lines: list[str] = []
    files = {
        "app/templates/b.yaml": "kind: Service\n---\nkind: Namespace\n",
        "app/templates/a.yaml": "# nothing\n",
        "app/templates/_p.yaml": "not: [parsed",
        "app/templates/h.yaml": "kind: Job\nmetadata:\n  name: j\n  annotations:\n    helm.sh/hook: test,Pre-Install\n"
        "    helm.sh/hook-weight: '-3'\n    helm.sh/hook-delete-policy: hook-failed, hook-succeeded\n",
        "app/templates/u.yaml": "kind: Job\nmetadata:\n  annotations:\n    helm.sh/hook: some day\n",
    }
    hooks, manifests = sort_manifests(files, lines.append)
    assert [(manifest.kind, manifest.path) for manifest in manifests] == [
        ("Namespace", "app/templates/b.yaml"),
        ("Service", "app/templates/b.yaml"),
        ("", "app/templates/a.yaml"),
    ]
    assert [manifest.object for manifest in manifests] == [{"kind": "Namespace"}, {"kind": "Service"}, None]
    assert [(hook.name, hook.events, hook.weight, hook.delete_policies) for hook in hooks] == [
        ("j", ("test", "pre-install"), -3, ("hook-failed", "hook-succeeded"))
    ]
    assert lines == ['level=INFO msg="skipping unknown hooks" hookTypes="some day"']


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        pytest.param(
            "just text",
            "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal string into Go value of type "
            "util.SimpleHead",
            id="no-map",
        ),
        pytest.param(
            "metadata:\n  annotations:\n    a: {b: c}\n",
            "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal object into Go struct field "
            ".metadata.annotations of type string",
            id="annotation-map",
        ),
        pytest.param(
            "kind: [A]\nmetadata: [1]\n",
            "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go struct field "
            "SimpleHead.kind of type string",
            id="first-mismatch",
        ),
        pytest.param(
            "a: {", "error converting YAML to JSON: yaml: line 1: did not find expected node content", id="no-yaml"
        ),
    ],
)
def test_errors_name_the_template(text: str, detail: str) -> None:
    with pytest.raises(ManifestError) as caught:
        sort_manifests({"app/templates/x.yaml": text}, print)
    assert caught.value.message == f"YAML parse error on app/templates/x.yaml: {detail}"
    assert caught.value.path == "app/templates/x.yaml"


def test_objects_keep_exact_numbers() -> None:
    text = "---\na: 9007199254740993\nb: 1.0\n---\n# nothing\n"
    assert list(parse_objects(text)) == [{"a": 9007199254740993, "b": 1}]


@pytest.mark.parametrize("weight", ["9" * 5000, "9223372036854775808", "1.5", ""])
def test_a_weight_that_is_no_int_is_zero(weight: str) -> None:
    annotations = {"helm.sh/hook": "test", "helm.sh/hook-weight": weight}
    hook = read_hook(annotations)
    assert hook is not None
    assert hook.weight == 0
