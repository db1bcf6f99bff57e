"""Charts that ask for everything, rendered by the real worker process: each costs one render, never the renderer.

What Helm itself refuses is refused in its words; what it would compute until the machine is out of memory breaks a
limit. Either way the error is the chart's, so that nobody tries again, and the next render works.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest
from packing import packed
from rendering.conftest import renderer_process

from steersman.core.render.capabilities import default_capabilities
from steersman.core.render.model import ReleaseInfo, RenderRequest
from steersman.core.template.errors import TemplateError
from steersman.rendering.client import RendererClient
from steersman.rendering.errors import RenderLimitExceeded
from steersman.rendering.limits import RenderLimits
from steersman.rendering.process import WORKER_COMMAND, Sidecar

LIMITS = RenderLimits(wall_seconds=60, cpu_seconds=1, memory_bytes=128 * 1024 * 1024, output_bytes=4 * 1024 * 1024)
GOOD = "{{ .Release.Name }}"


@pytest.fixture(scope="module")
def engine_socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One renderer with the real engine for all bombs: it must outlive them."""
    with renderer_process(WORKER_COMMAND, tmp_path_factory.mktemp("engine") / "s") as path:
        yield path


@pytest.fixture
async def renderer(engine_socket: Path) -> AsyncIterator[RendererClient]:
    async with RendererClient(Sidecar(engine_socket), limits=LIMITS) as client:
        yield client


def chart(template: str, values: str = "") -> bytes:
    """An archive with this template, as notes: they need not be YAML."""
    chart_yaml = "apiVersion: v2\nname: web\nversion: 1.0.0\n"
    return packed({"Chart.yaml": chart_yaml, "values.yaml": values, "templates/NOTES.txt": template})


async def notes(renderer: RendererClient, template: str, values: str = "") -> str:
    request = RenderRequest("", {}, ReleaseInfo("web", "default"), default_capabilities())
    return (await renderer.render(request, chart(template, values))).notes


def nested(count: int) -> str:
    """A template that makes `$d`, a map in a map, so many times."""
    return f'{{{{ $d := dict }}}}{{{{ range until {count} }}}}{{{{ $d = dict "d" $d }}}}{{{{ end }}}}'


CYCLE = '{{ $d := dict }}{{ $_ := set $d "d" $d }}'
DOUBLING = '{{ $s := "x" }}{{ range until 64 }}{{ $s = print $s $s }}{{ end }}{{ $s }}'
SHARED = '{{ $d := dict "a" "x" }}{{ range until 40 }}{{ $d = dict "a" $d "b" $d }}{{ end }}'
FOREST = "".join(
    f'{{{{ define "f{level}" }}}}{{{{ include "f{level + 1}" . }}}}{{{{ include "f{level + 1}" . }}}}{{{{ end }}}}'
    for level in range(40)
)
RING = "".join(f'{{{{ define "r{at}" }}}}{{{{ include "r{(at + 1) % 50}" . }}}}{{{{ end }}}}' for at in range(50))


@pytest.mark.parametrize(
    ("template", "limits"),
    [
        pytest.param("{{ range until 1000000000 }}x{{ end }}", "memory", id="range-over-until"),
        pytest.param("{{ range 100000000000 }}{{ end }}", "CPU time|memory", id="range-over-a-number"),
        pytest.param("{{ range untilStep 0 2000000000 1 }}x{{ end }}", "memory", id="until-step"),
        pytest.param("{{ seq 1 2000000000 | len }}", "memory|CPU time", id="seq"),
        pytest.param(DOUBLING, "memory", id="doubled-strings"),
        pytest.param('{{ repeat 2000000000 "xxxxxxxx" }}', "memory", id="repeat"),
        pytest.param('{{ repeat 50000000 "x" | indent 100 }}', "output", id="output"),
        pytest.param('{{ indent 2000000000 "x" }}', "memory", id="indent"),
        pytest.param('{{ nindent 2000000000 "x" }}', "memory", id="nindent"),
        pytest.param('{{ repeat 10000 "x\\n" | indent 100000 }}', "memory", id="indent-of-many-lines"),
        pytest.param('{{ randAlphaNum 2000000000 }}', "memory|CPU time", id="random-text"),
        pytest.param('{{ regexReplaceAll "" (repeat 100000 "a") (repeat 10000 "b") }}', "memory", id="regex-replace"),
        pytest.param('{{ replace "" (repeat 100000 "b") (repeat 100000 "a") }}', "memory", id="replace"),
        pytest.param(FOREST + '{{ define "f40" }}x{{ end }}{{ include "f0" . }}', "CPU time", id="include-forest"),
        pytest.param(SHARED + "{{ toYaml $d }}", "memory|CPU time", id="shared-map-as-yaml"),
        pytest.param(SHARED + "{{ toJson $d }}", "memory|CPU time", id="shared-map-as-json"),
        pytest.param(SHARED + "{{ $d }}", "memory|CPU time", id="shared-map-printed"),
        pytest.param(SHARED + "{{ deepCopy $d | len }}", "memory|CPU time", id="shared-map-copied"),
        pytest.param("{{ range until 100000 }}{{ genPrivateKey \"rsa\" | len }}{{ end }}", "CPU time", id="keys"),
        pytest.param(
            "{{ $l := list }}{{ range until 20000 }}{{ $l = append $l (float64 .) }}{{ end }}{{ uniq $l | len }}",
            "CPU time|memory",
            id="quadratic-uniq",
        ),
    ],
)  # fmt: skip
async def test_what_asks_for_too_much_breaks_a_limit(renderer: RendererClient, template: str, limits: str) -> None:
    with pytest.raises(RenderLimitExceeded) as caught:
        await notes(renderer, template)
    assert caught.value.limit in limits.split("|")
    assert await notes(renderer, GOOD) == "web"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        pytest.param(
            '{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}', "nested reference name: a", id="include"
        ),
        pytest.param(
            '{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}',
            "exceeded maximum template depth",
            id="template",
        ),
        pytest.param(
            "{{ define `a` }}{{ template `b` }}{{ end }}{{define `b`}}{{ include `a` . }}{{ end }}{{ include `a` . }}",
            "nested reference name: a",
            id="include-and-template",
        ),
        pytest.param(RING + '{{ include "r0" . }}', "exceeded maximum template depth", id="ring-of-includes"),
        pytest.param("{{ tpl .Values.t . }}", "exceeded maximum template depth", id="tpl"),
        pytest.param(f"{CYCLE}{{{{ mustToJson $d }}}}", "encountered a cycle", id="cycle-as-json"),
        pytest.param("{{ if . }}" * 3000 + "{{ end }}" * 3000, "nests too deeply", id="nested-blocks"),
        pytest.param("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "nests too deeply", id="nested-parentheses"),
    ],
)
async def test_endless_recursion_is_an_error_of_the_template(engine_socket: Path, template: str, message: str) -> None:
    limits = msgspec.structs.replace(LIMITS, cpu_seconds=20)
    async with RendererClient(Sidecar(engine_socket), limits=limits) as renderer:
        with pytest.raises(TemplateError, match=message):
            await notes(renderer, template, "t: '{{ tpl .Values.t . }}'\n")
        assert await notes(renderer, GOOD) == "web"


ALIASES = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
DEEP = '(repeat 100000 "[")'
YAML = "error converting YAML to JSON: yaml: "


@pytest.mark.parametrize(
    ("template", "text"),
    [
        pytest.param('{{ regexMatch "(a*)*(a|a)*b" (repeat 100000 "a") }}', "false", id="regex-backtracking"),
        pytest.param('{{ regexMatch "((a{1,100}){1,100}){1,100}" "a" }}', "false", id="regex-nested-counts"),
        pytest.param('{{ .Files.Glob (repeat 40 "**a") | len }}', "0", id="glob-backtracking"),
        pytest.param(
            "{{ (fromYaml .Values.aliases).Error }}", f"{YAML}document contains excessive aliasing", id="yaml-aliases"
        ),
        pytest.param(f"{{{{ (fromYaml {DEEP}).Error }}}}", f"{YAML}exceeded max depth of 200", id="yaml-depth"),
        pytest.param(f"{{{{ (fromJson {DEEP}).Error }}}}", "invalid character '[' exceeded max depth", id="json-depth"),
        pytest.param(
            f'{{{{ (fromToml (print "a = " {DEEP})).Error }}}}', "toml: values are nested too deeply", id="toml-depth"
        ),
        pytest.param('{{ printf "%2000000000d" 1 }}', "%!(NOVERB)%!(EXTRA int=1)", id="printf-width"),
        pytest.param('{{ printf "%.2000000000f" 1.5 }}', "%!(NOVERB)%!(EXTRA float64=1.5)", id="printf-precision"),
        pytest.param('{{ printf "%*d" 2000000000 1 }}', "%!(BADWIDTH)1", id="printf-star"),
        pytest.param(CYCLE + "{{ toYaml $d }}|{{ toJson $d }}|", "||", id="cycle-as-yaml"),
        pytest.param(nested(300) + "{{ toYaml $d | len | lt 100 }}", "true", id="depth-as-yaml"),
    ],
)
async def test_what_looks_like_a_bomb_gets_helms_answer(renderer: RendererClient, template: str, text: str) -> None:
    indented = ALIASES.replace("\n", "\n  ")
    assert await notes(renderer, template, f"aliases: |\n  {indented}") == text
    assert await notes(renderer, GOOD) == "web"


@pytest.mark.parametrize(
    "use",
    [
        "toYaml $d | len", "toYamlPretty $d | len", "toJson $d | len", "toPrettyJson $d | len", "toToml $d | len",
        "printf `%v` $d | len", "deepCopy $d | len", "merge (dict) $d | len", "mergeOverwrite (dict) $d | len",
        "deepEqual $d (dict `d` $d)", "eq $d $d", "kindOf $d", "dig `d` `x` $d | kindOf", "has $d (list 1 $d)",
        "uniq (list $d $d) | len", "values $d | len", "quote $d | len", "default 1 $d | kindOf",
        "set $.Values `d` $d | len", "tpl (print $d) . | len", "fail (print $d)",
    ],
)  # fmt: skip
@pytest.mark.parametrize("make", [CYCLE, nested(50_000)], ids=["cycle", "deep"])
async def test_maps_without_a_bottom(renderer: RendererClient, make: str, use: str) -> None:
    """Whatever a function makes of a map that holds itself, or of one that is very deep, the worker answers."""
    try:
        await notes(renderer, f"{make}{{{{ {use} }}}}")
    except (TemplateError, RenderLimitExceeded):
        pass
    assert await notes(renderer, GOOD) == "web"
