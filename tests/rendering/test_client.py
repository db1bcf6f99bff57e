"""Renders through the real processes: answers, errors, limits, crashes, and who pays for them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rendering.conftest import CHART, LIMITS, request, until_gone
from rendering.standin import ERRORS, SECRET, digest

from steersman.core.chart.errors import ChartError
from steersman.core.manifest.model import Hook, Manifest
from steersman.errors import ClusterError, SteersmanError
from steersman.ports import Renderer
from steersman.rendering.client import RendererClient
from steersman.rendering.compiled import CompiledCharts
from steersman.rendering.errors import RenderCrashed, RendererUnavailable, RenderLimitExceeded
from steersman.rendering.limits import RenderLimits
from steersman.rendering.process import Sidecar


async def notes(renderer: RendererClient, chart: bytes = CHART, **values: Any) -> Any:
    return json.loads((await renderer.render(request(**values), chart)).notes)


def limited(path: Path, **limits: Any) -> RendererClient:
    return RendererClient(Sidecar(path), limits=msgspec.structs.replace(LIMITS, **limits))


async def test_everything_of_a_render_crosses(renderer: RendererClient) -> None:
    port: Renderer = renderer
    text = "kind: ConfigMap\n# ä ✓\n"
    rendered = await port.render(request(do="text", text=text), CHART)
    expected = Manifest("web/templates/a.yaml", text, "ConfigMap", {"data": {"text": text, "n": [1, 1.0, None]}})
    assert rendered.manifests == (expected,)
    number = rendered.manifests[0].object["data"]["n"][1]  # type: ignore[index]
    assert isinstance(number, float)
    assert rendered.hooks == (
        Hook("web/templates/b.yaml", text, "Job", "b", ("pre-install",), -5, (), (), {"kind": "Job"}),
    )
    assert (rendered.manifest, rendered.notes, rendered.warnings) == (text, text, ("a warning",))
    assert rendered.chart.values == {"a": 1}


async def test_bytes_that_are_no_text_become_replacement_characters(renderer: RendererClient) -> None:
    assert (await notes(renderer, do="bytes"))["text"] == "a\ufffd\ufffdb"


async def test_a_worker_is_kept_with_its_charts(renderer: RendererClient) -> None:
    reports = [await notes(renderer, chart, do="report") for chart in (b"one", b"two", b"one")]
    assert len({report["pid"] for report in reports}) == 1
    assert [report["loads"] for report in reports] == [1, 2, 2]


async def test_a_worker_inherits_nothing(renderer: RendererClient) -> None:
    report = await notes(renderer, do="report")
    assert not {"aiohttp", "kopf", "kubernetes", "asyncio"} & set(report["modules"])
    assert len(report["descriptors"]) == 1, "its connection"


@pytest.mark.parametrize("name", [name for name in ERRORS if name != "subclass"])
async def test_errors_keep_class_text_and_fields(renderer: RendererClient, name: str) -> None:
    expected = ERRORS[name]
    with pytest.raises(type(expected)) as caught:
        await renderer.render(request(do="fail", error=name), CHART)
    assert type(caught.value) is type(expected)
    assert vars(caught.value) == vars(expected)


async def test_errors_of_unlisted_classes_arrive_as_their_ancestor(renderer: RendererClient) -> None:
    with pytest.raises(ChartError, match="bad chart") as caught:
        await renderer.render(request(do="fail", error="subclass"), CHART)
    assert type(caught.value) is ChartError


async def test_a_bug_is_one_failed_render_and_tells_no_values(renderer: RendererClient) -> None:
    with pytest.raises(RenderCrashed, match=r"has a bug: KeyError at standin\.py:\d+") as caught:
        await renderer.render(request(do="bug"), CHART)
    assert SECRET not in str(caught.value)
    assert await notes(renderer, do="report")


LIMIT_CASES = [
    pytest.param("spin", {"wall_seconds": 0.3}, "wall time", id="wall-time"),
    pytest.param("sleep", {"wall_seconds": 0.3}, "wall time", id="wall-time-asleep"),
    pytest.param("spin", {"cpu_seconds": 0.3}, "CPU time", id="cpu-time"),
    pytest.param("allocate", {}, "memory", id="memory"),
    pytest.param("recurse", {}, "recursion", id="recursion"),
]


@pytest.mark.parametrize(("do", "limits", "limit"), LIMIT_CASES)
async def test_limits_end_one_render_and_say_which(
    renderer_socket: Path, do: str, limits: dict[str, Any], limit: str
) -> None:
    async with limited(renderer_socket, **limits) as renderer:
        before = await notes(renderer, do="report")
        with pytest.raises(RenderLimitExceeded, match=f"limit on {limit}") as caught:
            await renderer.render(request(do=do), CHART)
        assert caught.value.limit == limit
        after = await notes(renderer, do="report")
        assert after["pid"] != before["pid"], "who broke a limit is replaced"


async def test_too_much_output(renderer: RendererClient) -> None:
    with pytest.raises(RenderLimitExceeded, match="limit on output"):
        await renderer.render(request(do="text", text="x" * 100, times=10_001), CHART)


async def test_too_large_a_chart_is_not_even_sent(renderer_socket: Path) -> None:
    async with limited(renderer_socket, chart_bytes=3) as renderer:
        with pytest.raises(RenderLimitExceeded, match="limit on chart size"):
            await renderer.render(request(do="report"), CHART)


@pytest.mark.slow
async def test_the_kernel_ends_what_computes_without_looking_up(renderer_socket: Path) -> None:
    async with limited(renderer_socket, cpu_seconds=0.2, wall_seconds=120) as renderer:
        with pytest.raises(RenderLimitExceeded, match="limit on CPU time"):
            await renderer.render(request(do="compute_in_c"), CHART)


@pytest.mark.slow
async def test_the_client_ends_what_hangs_without_looking_up(renderer_socket: Path) -> None:
    async with limited(renderer_socket, wall_seconds=0.1) as renderer:
        pid = (await notes(renderer, do="report"))["pid"]
        with pytest.raises(RenderLimitExceeded, match="limit on wall time"):
            await renderer.render(request(do="sleep_in_c"), CHART)
        await until_gone(pid)


@pytest.mark.parametrize(
    ("values", "how"),
    [
        pytest.param({"do": "kill", "signal": signal.SIGKILL}, "SIGKILL", id="killed"),
        pytest.param({"do": "kill", "signal": signal.SIGSEGV}, "SIGSEGV", id="segfault"),
        pytest.param({"do": "exit", "code": 3}, "exit code 3", id="exit"),
        pytest.param({"do": "exit", "code": 0}, "ended without an answer", id="exit-as-if-all-were-well"),
        pytest.param({"do": "garbage", "bytes": "ff" * 8}, "a frame of 4294967295 bytes", id="endless-frame"),
        pytest.param({"do": "garbage", "bytes": "00000002" + b"[]".hex()}, "no message of this", id="no-message"),
        pytest.param({"do": "garbage", "bytes": "00000001ff"}, "no message of this", id="no-json"),
        pytest.param({"do": "garbage", "bytes": "000000"}, "ended without an answer", id="half-a-header"),
        pytest.param({"do": "garbage", "bytes": "0000ffff7b"}, "ended without an answer", id="half-a-body"),
        pytest.param(
            {"do": "garbage", "bytes": "0000001e" + b'{"type":"Hello","version":"1"}'.hex()}, "second Hello", id="hello"
        ),
    ],
)
async def test_a_crash_is_one_failed_render(renderer: RendererClient, values: dict[str, Any], how: str) -> None:
    with pytest.raises(RenderCrashed, match=how):
        await renderer.render(request(**values), CHART)
    assert await notes(renderer, do="report")


async def test_a_worn_worker_is_replaced_after_its_answer(renderer_socket: Path) -> None:
    async with limited(renderer_socket, memory_bytes=400_000_000) as renderer:
        before = await notes(renderer, do="report")
        assert await notes(renderer, do="wear") == {}
        after = await notes(renderer, do="report")
    assert after["pid"] != before["pid"]


async def test_a_render_that_nobody_waits_for_is_ended(renderer: RendererClient) -> None:
    pid = (await notes(renderer, do="report"))["pid"]
    running = asyncio.create_task(renderer.render(request(do="sleep"), CHART))
    await asyncio.sleep(0.05)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await until_gone(pid)
    assert (await notes(renderer, do="report"))["pid"] != pid


async def test_a_worker_that_died_between_renders_is_nobodys_failure(renderer: RendererClient) -> None:
    pid = (await notes(renderer, do="report"))["pid"]
    os.kill(pid, signal.SIGKILL)
    await until_gone(pid)
    await asyncio.sleep(0.5)  # its supervisor has seen it too, and hung up
    assert await notes(renderer, do="report")


async def test_idle_workers_are_dropped(renderer_socket: Path) -> None:
    async with RendererClient(Sidecar(renderer_socket), limits=LIMITS, idle_seconds=0.01) as renderer:
        pid = (await notes(renderer, do="report"))["pid"]
        await until_gone(pid)
        assert await notes(renderer, do="report")


async def test_renders_run_side_by_side_up_to_the_number_of_workers(renderer_socket: Path) -> None:
    async with RendererClient(Sidecar(renderer_socket), limits=LIMITS, workers=2) as renderer:
        reports = await asyncio.gather(*(notes(renderer, do="report") for _ in range(20)))
        assert len({report["pid"] for report in reports}) == 2


@pytest.mark.parametrize("path", ["write.txt"])
async def test_a_worker_writes_no_files(renderer: RendererClient, tmp_path: Path, path: str) -> None:
    assert (await notes(renderer, do="write", path=str(tmp_path / path)))["errno"] == 27, "EFBIG"
    assert (tmp_path / path).read_text() == ""


async def test_lookups_are_answered_by_the_caller(renderer: RendererClient) -> None:
    asked = []

    async def lookup(*question: str) -> dict[str, Any]:
        asked.append(question)
        return {"metadata": {"name": question[3]}}

    rendered = await renderer.render(request(do="lookup", names=["a", "b"]), CHART, lookup)
    assert asked == [("v1", "Secret", "ns", "a"), ("v1", "Secret", "ns", "b")]
    assert json.loads(rendered.notes) == {"found": [{"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}]}


async def test_without_a_cluster_lookups_find_nothing(renderer: RendererClient) -> None:
    assert await notes(renderer, do="lookup", names=["a"]) == {"found": [{}]}


async def test_a_failed_lookup_fails_the_render(renderer: RendererClient) -> None:
    async def lookup(*question: str) -> dict[str, Any]:
        raise ClusterError("secrets is forbidden")

    with pytest.raises(SteersmanError, match="secrets is forbidden"):
        await renderer.render(request(do="lookup", names=["a"]), CHART, lookup)


async def test_compiled_charts_outlive_a_worker(renderer_socket: Path, tmp_path: Path) -> None:
    cache = CompiledCharts(tmp_path)
    for _ in range(2):
        async with RendererClient(Sidecar(renderer_socket), limits=LIMITS, compiled=cache) as renderer:
            await notes(renderer, do="report")
        assert cache.get(digest(CHART)) == b"compiled a chart"


async def test_nobody_listens(tmp_path: Path) -> None:
    async with RendererClient(Sidecar(tmp_path / "s")) as renderer:
        with pytest.raises(RendererUnavailable, match="cannot be reached: No such file"):
            await renderer.render(request(do="report"), CHART)


async def test_another_version_is_refused(tmp_path: Path) -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = b'{"type": "Hello", "version": "0/0.0.1/cpython-27"}'
        writer.write(len(body).to_bytes(4, "big") + body)
        writer.close()
        await writer.wait_closed()

    path = tmp_path / "s"
    async with await asyncio.start_unix_server(greet, path), RendererClient(Sidecar(path)) as client:
        with pytest.raises(RendererUnavailable, match=r"0/0\.0\.1/cpython-27.*same image"):
            await client.render(request(do="report"), CHART)


def test_default_limits_leave_room_for_real_charts() -> None:
    limits = RenderLimits()
    assert limits.output_bytes > 16_000_000
    assert limits.recursion >= 1000
