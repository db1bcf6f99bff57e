"""`steersman cache list|prune`: what is kept on disk of charts that were pulled or rendered, and how to be rid of it.

The cache of this user, or with `--cache-dir` another one, such as the operator's: the layout is the same. Next stop:
`cache_contents`.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from steersman.cli.flags import HelmCommand
from steersman.cli.folders import user_cache
from steersman.cli.main import LazyGroup
from steersman.cli.output import OutputError, write, write_log
from steersman.cli.table import table
from steersman.disk import to_prune

if TYPE_CHECKING:
    from steersman.cli.cache_contents import Item

_Command = TypeVar("_Command", bound=Callable[..., Any])

_HEADER = ("DIGEST", "KIND", "CHART", "VERSION", "SIZE", "LAST USED")
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(?:([kKMGT])(i?))?B?")
_AGE = re.compile(r"([0-9]+(?:\.[0-9]+)?)([smhdw])")
_UNITS = "KMGT"
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_SHOWN = len("sha256:") + 12


class _Size(click.ParamType[int]):
    """`1Gi`, `500M`, `1048576`."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """In bytes."""
        found = _SIZE.fullmatch(str(value))
        if found is None:
            self.fail(f"{value!r} is no size: write it like 500Mi, 1Gi or 1073741824", param, ctx)
        power = _UNITS.index(found[2].upper()) + 1 if found[2] else 0
        return int(float(found[1]) * (1024 if found[3] else 1000) ** power)


class _Age(click.ParamType[float]):
    """`30d`, `12h`."""

    name = "age"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """In seconds."""
        found = _AGE.fullmatch(str(value))
        if found is None:
            self.fail(f"{value!r} is no age: write it like 12h, 30d or 4w", param, ctx)
        return float(found[1]) * _SECONDS[found[2]]


@click.group(cls=LazyGroup, invoke_without_command=True)
@click.pass_context
def cache(ctx: click.Context) -> None:
    """Look at what is kept on disk of charts, and be rid of it."""
    if ctx.invoked_subcommand is None:
        write(f"{ctx.get_help()}\n")


def _folder_flag(command: _Command) -> _Command:
    return click.option(
        "--cache-dir",
        "--content-cache",
        "folder",
        default="",
        help="Folder of the cache, such as the operator's; the user's cache folder when left out.",
    )(command)


@cache.command("list", cls=HelmCommand, no_args_is_help=False)
@_folder_flag
@click.option("-o", "--output", type=click.Choice(["table", "json", "yaml"]), default="table", help="Form of the list.")
def list_(folder: str, output: str) -> None:
    """Print what the cache holds, what was used last first."""
    from steersman.cli.cache_contents import contents

    root = _root(folder)
    items = contents(root)
    if output == "json":
        import msgspec

        write(msgspec.json.encode([item.plain() for item in items]).decode() + "\n")
    elif output == "yaml":
        from steersman.core.yaml.writer import dump

        write(dump([item.plain() for item in items]))
    else:
        now = time.time()
        write(table([_HEADER, *(_row(item, now) for item in items)]) + "\n")
        write_log([f"{_count(items)} in {root}"])


@cache.command("prune", cls=HelmCommand, no_args_is_help=False)
@_folder_flag
@click.option("--max-size", type=_Size(), help="Keep no more than this, like 1Gi: what was used longest ago goes.")
@click.option("--older-than", type=_Age(), help="Delete what was not used for this long, like 30d.")
@click.option("--all", "everything", is_flag=True, help="Delete everything.")
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
def prune(folder: str, max_size: int | None, older_than: float | None, everything: bool, dry_run: bool) -> None:
    """Delete what is needed least. What is being read or written at the moment stays."""
    from steersman.cli.cache_contents import contents

    if max_size is None and older_than is None and not everything:
        raise click.UsageError("say what to delete: --max-size, --older-than or --all")
    if everything and (max_size is not None or older_than is not None):
        raise click.UsageError("--all deletes everything: leave it out, or --max-size and --older-than")
    root = _root(folder)
    items = contents(root)
    since = None if older_than is None else time.time() - older_than
    gone = {
        entry.path
        for entry in to_prune((item.entry for item in items), max_bytes=0 if everything else max_size, used_since=since)
    }
    chosen = [item for item in items if item.entry.path in gone]
    busy = set() if dry_run else _remove(chosen)
    for item in chosen:
        done = "in use, kept" if item.entry.path in busy else "would be deleted" if dry_run else "deleted"
        write(f"{item.key} {_named(item)} ({_size(item.entry.size)}): {done}\n")
    deleted = [item for item in chosen if item.entry.path not in busy]
    left = [item for item in items if item not in deleted]
    verb = "Would delete" if dry_run else "Deleted"
    write(f"{verb} {_count(deleted)}; {_count(left)} left in {root}\n")


def _root(folder: str) -> Path:
    """The folder that is meant. Raises OutputError."""
    try:
        root = Path(folder) if folder else user_cache()
    except RuntimeError as error:
        raise OutputError(
            "there is no cache: this user has no home folder", hint="--cache-dir names the folder"
        ) from error
    if folder and not root.is_dir():
        raise OutputError(f"{root} is no folder", hint="--cache-dir names the folder of a cache")
    return root


def _remove(items: Iterable[Item]) -> set[Path]:
    """Delete them; gives what stays because it is in use. Raises OutputError."""
    from steersman.cli.cache_contents import bounded

    by_folder: defaultdict[Path, list[Item]] = defaultdict(list)
    for item in items:
        by_folder[item.entry.path.parent.parent].append(item)
    busy: set[Path] = set()
    for folder, chosen in by_folder.items():
        try:
            busy |= {entry.path for entry in bounded(folder).remove(item.entry for item in chosen)}
        except OSError as error:
            text = (error.strerror or str(error)).lower()
            raise OutputError(
                f"{error.filename or folder} cannot be deleted: {text}", hint="it may belong to another user"
            ) from error
    return busy


def _row(item: Item, now: float) -> tuple[str, ...]:
    return (
        item.key[:_SHOWN],
        item.kind,
        item.chart or "-",
        item.version or "-",
        _size(item.entry.size),
        _ago(now - item.entry.used),
    )


def _named(item: Item) -> str:
    return " ".join(part for part in (item.kind, item.chart, item.version) if part)


def _count(items: Sequence[Item]) -> str:
    entries = "1 entry" if len(items) == 1 else f"{len(items)} entries"
    return f"{entries}, {_size(sum(item.entry.size for item in items))}"


def _size(size: float) -> str:
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"


def _ago(seconds: float) -> str:
    """As kubectl shows ages, in one unit."""
    for unit, limit in (("s", 120), ("m", 2 * 3600), ("h", 2 * 86_400)):
        if seconds < limit:
            return f"{max(0, int(seconds / _SECONDS[unit]))}{unit} ago"
    return f"{int(seconds / _SECONDS['d'])}d ago"
