"""Jinja2 charts in the real renderer process: the operator's word crosses the socket, and the limits hold."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from packing import packed

from steersman.core.render.capabilities import default_capabilities
from steersman.core.render.model import ReleaseInfo, Rendered, RenderRequest
from steersman.core.template.errors import TemplateError
from steersman.rendering.client import RendererClient
from steersman.rendering.compiled import CompiledCharts
from steersman.rendering.errors import RenderLimitExceeded
from steersman.rendering.limits import RenderLimits
from steersman.rendering.process import ChildProcess

CHART_YAML = "apiVersion: v2\nname: web\nversion: 1.0.0\nannotations: {steersman.dev/engine: jinja2}\n"
GOOD = "kind: ConfigMap\nmetadata: {name: {{ Release.Name }}}\ndata: {size: {{ Values.n }}}\n"
LIMITS = RenderLimits(wall_seconds=60, cpu_seconds=5, memory_bytes=128 * 1024 * 1024, output_bytes=1_000_000)


def archive(template: str) -> bytes:
    return packed({"Chart.yaml": CHART_YAML, "templates/x.yaml.j2": template})


async def render(renderer: RendererClient, template: str, *, asked: bool = False) -> Rendered:
    release, values = ReleaseInfo("shop", "demo"), {"n": 2}
    request = RenderRequest("", values, release, default_capabilities(), allow_jinja=asked)
    return await renderer.render(request, archive(template))


@pytest.fixture
async def renderer() -> AsyncIterator[RendererClient]:
    async with RendererClient(ChildProcess(), limits=LIMITS, allow_jinja=True) as client:
        yield client


async def test_renders_and_starts_from_what_the_last_worker_compiled(tmp_path: Path) -> None:
    kept = CompiledCharts(tmp_path)
    for _ in range(2):
        async with RendererClient(ChildProcess(), limits=LIMITS, compiled=kept, allow_jinja=True) as renderer:
            (manifest,) = (await render(renderer, GOOD)).manifests
        assert manifest.object == {"kind": "ConfigMap", "metadata": {"name": "shop"}, "data": {"size": 2}}
        assert manifest.path == "web/templates/x.yaml.j2"
    assert kept.get(f"sha256:{hashlib.sha256(archive(GOOD)).hexdigest()}") is not None


async def test_what_the_operator_did_not_allow_no_request_can_ask_for() -> None:
    async with RendererClient(ChildProcess(), limits=LIMITS) as renderer:
        with pytest.raises(TemplateError) as caught:
            await render(renderer, GOOD, asked=True)
        assert "--enable-jinja-charts" in caught.value.hint
        rendered = await render(renderer, "kind: {{ .Release.Name }}", asked=True)
    assert rendered.manifests[0].kind == "shop"
    assert "--enable-jinja-charts" in rendered.warnings[0]


async def test_errors_come_with_their_place(renderer: RendererClient) -> None:
    with pytest.raises(TemplateError) as caught:
        await render(renderer, "kind: A\nx: {{ Valuess.n }}\n")
    error = caught.value
    assert error.message == "execution error at (web/templates/x.yaml.j2:2): 'Valuess' is undefined"
    assert (error.template, error.line) == ("web/templates/x.yaml.j2", 2)
    assert error.excerpt == "1 | kind: A\n2 | x: {{ Valuess.n }}\n  |    ^"


@pytest.mark.parametrize(
    ("template", "limit"),
    [
        pytest.param(
            "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}", "CPU time", id="loop"
        ),
        pytest.param(
            "{% set ns = namespace(s='x' * 1000) %}{% for i in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
            "memory",
            id="doubling",
        ),
        pytest.param("{% set s = 'x' * 1000000 %}{{ s }}{{ s }}", "output", id="output"),
    ],
)
async def test_limits_hold(renderer: RendererClient, template: str, limit: str) -> None:
    with pytest.raises(RenderLimitExceeded) as caught:
        await render(renderer, "kind: A\nx: '" + template + "'\n")
    assert caught.value.limit == limit
    assert (await render(renderer, GOOD)).manifests[0].kind == "ConfigMap", "the next render has a new worker"


async def test_endless_recursion_is_the_charts_error(renderer: RendererClient) -> None:
    with pytest.raises(TemplateError, match="call each other too deeply"):
        await render(renderer, "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}")
