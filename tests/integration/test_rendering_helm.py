"""The renderer process with the real engine, against the real Helm."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from packing import packed
from testenv.clients import Helm

from steersman.core.render.capabilities import default_capabilities
from steersman.core.render.model import ReleaseInfo, Rendered, RenderRequest
from steersman.core.template.errors import TemplateError
from steersman.errors import InvalidInput
from steersman.rendering.client import RendererClient
from steersman.rendering.compiled import CompiledCharts
from steersman.rendering.errors import RenderLimitExceeded
from steersman.rendering.limits import RenderLimits
from steersman.rendering.process import ChildProcess

LIMITS = RenderLimits(wall_seconds=120, cpu_seconds=5, memory_bytes=128 * 1024 * 1024)


@pytest.fixture
def packaged(chart_archive: Path) -> bytes:
    """The archive of the chart that `helm create` makes."""
    return chart_archive.read_bytes()


@pytest.fixture
async def renderer() -> AsyncIterator[RendererClient]:
    async with RendererClient(ChildProcess(), limits=LIMITS) as client:
        yield client


def archive(templates: Mapping[str, str], values: str = "") -> bytes:
    """A chart of these templates."""
    files = {"Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n", "values.yaml": values} | {
        f"templates/{name}": text for name, text in templates.items()
    }
    return packed(files)


async def render(renderer: RendererClient, chart: bytes, **values: Any) -> Rendered:
    release = ReleaseInfo("web", "default")
    return await renderer.render(RenderRequest("", values, release, default_capabilities()), chart)


async def test_renders_what_helm_renders(
    renderer: RendererClient, offline_helm: Helm, chart: Path, packaged: bytes
) -> None:
    rendered = await render(renderer, packaged, replicaCount=3)
    printed = offline_helm("template", "web", str(chart), "--no-hooks", "--set", "replicaCount=3").stdout
    assert rendered.manifest.rstrip("\n") + "\n" == printed, "helm template trims the end"
    assert [hook.name for hook in rendered.hooks] == ["web-test-connection"]
    (deployment,) = [each.object for each in rendered.manifests if each.kind == "Deployment"]
    assert deployment is not None
    assert deployment["spec"]["replicas"] == 3
    assert rendered.notes.startswith("1. Get the application URL")


async def test_a_new_worker_starts_from_what_the_last_one_compiled(packaged: bytes, tmp_path: Path) -> None:
    cache = CompiledCharts(tmp_path)
    texts = []
    for _ in range(2):
        async with RendererClient(ChildProcess(), compiled=cache) as renderer:
            texts.append((await render(renderer, packaged)).manifest)
    assert texts[0] == texts[1]
    assert cache.get(f"sha256:{hashlib.sha256(packaged).hexdigest()}") is not None


async def test_junk_in_place_of_a_compiled_chart_is_no_harm(packaged: bytes, tmp_path: Path) -> None:
    class Junk(CompiledCharts):
        def get(self, chart_digest: str) -> bytes:
            return b"junk"

    async with RendererClient(ChildProcess(), compiled=Junk(tmp_path)) as renderer:
        assert (await render(renderer, packaged)).manifests


async def test_errors_of_templates_say_where(renderer: RendererClient) -> None:
    with pytest.raises(TemplateError, match="replicas are missing") as caught:
        await render(renderer, archive({"a.yaml": 'a: b\nc: {{ required "replicas are missing" .Values.replicas }}\n'}))
    assert (caught.value.template, caught.value.line) == ("web/templates/a.yaml", 2)
    assert "required" in caught.value.excerpt


HOSTILE = [
    pytest.param("{{ range until 2000000000 }}x{{ end }}", None, id="endless-list"),
    pytest.param("{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}", "CPU time", id="loop"),
    pytest.param("{{ $s := `x` }}{{ range until 40 }}{{ $s = print $s $s }}{{ end }}{{ $s }}", "memory", id="text"),
    pytest.param("{{ define `a` }}{{ template `a` . }}{{ end }}{{ template `a` . }}", None, id="template"),
    pytest.param("{{ define `a` }}{{ include `a` . }}{{ end }}{{ include `a` . }}", None, id="include"),
    pytest.param('{{ define "a" }}{{ tpl `{{ include "a" . }}` . }}{{ end }}{{ include "a" . }}', None, id="tpl"),
    pytest.param("{{ genPrivateKey `rsa` }}" * 1000, "CPU time", id="keys"),
]


@pytest.mark.parametrize(("text", "limit"), HOSTILE)
async def test_hostile_templates_end_by_themselves_or_by_a_limit(
    renderer: RendererClient, text: str, limit: str | None
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await render(renderer, archive({"a.yaml": text}))
    if limit is not None:
        assert isinstance(caught.value, RenderLimitExceeded)
        assert caught.value.limit == limit
    rendered = await render(renderer, archive({"a.yaml": "a: b\n"}))
    assert rendered.manifests[0].object == {"a": "b"}


async def test_yaml_that_grows_without_end_is_refused(renderer: RendererClient) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    bomb = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n" + "".join(f"  {line}\n" for line in lines)
    with pytest.raises(InvalidInput):
        await render(renderer, archive({"a.yaml": bomb}))


async def test_lookups_see_what_the_caller_shows(renderer: RendererClient) -> None:
    async def lookup(api_version: str, kind: str, namespace: str, name: str) -> dict[str, Any]:
        return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, "data": {"password": "aGk="}}

    chart = archive({"a.yaml": 'a: {{ (lookup "v1" "Secret" .Release.Namespace "db").data.password | b64dec }}\n'})
    request = RenderRequest("", {}, ReleaseInfo("web", "default"), default_capabilities())
    rendered = await renderer.render(request, chart, lookup)
    assert rendered.manifests[0].object == {"a": "hi"}
