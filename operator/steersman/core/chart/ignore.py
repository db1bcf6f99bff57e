"""`.helmignore`: which files of a chart folder do not belong to the chart.

Used by whoever lists a folder (`cli.folder_listing`, and `cli.chart_folders` for an archive that is linted); archives
that are rendered are never filtered. Rules are Helm's own dialect, not git's: the first rule that decides wins, and
`!pattern` ignores everything that does NOT match and lets the rest go on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from steersman.core.chart.errors import ChartError
from steersman.core.chart.patterns import compile_match

IGNORE_FILE = ".helmignore"
_DEFAULT_RULE = "templates/.?*"
_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class _Rule:
    match: Callable[[str], bool]
    negated: bool
    folders_only: bool


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """The rules of one `.helmignore`, and Helm's default rule after them."""

    rules: tuple[_Rule, ...]

    def keeps(self, path: str) -> bool:
        """Whether a file is left when its folders are walked from the top."""
        parts = path.split("/")
        folders = ("/".join(parts[:length]) for length in range(1, len(parts)))
        return not any(self.ignores(each, is_folder=True) for each in folders) and not self.ignores(
            path, is_folder=False
        )

    def ignores(self, path: str, *, is_folder: bool) -> bool:
        """Whether the file or folder at `path` (relative, with `/`) is left out; a folder then with all it holds."""
        if path in ("", ".", "./"):
            return False
        for rule in self.rules:
            if rule.folders_only and not is_folder:
                if rule.negated:
                    return True
                continue
            if rule.match(path) != rule.negated:
                return True
        return False


def parse_ignore(text: str) -> IgnoreRules:
    """Read a `.helmignore`. Raises ChartError for `**` and PatternError for a pattern that does not parse."""
    lines = text.removeprefix(_BOM).split("\n")
    rules = [rule for line in [*lines, _DEFAULT_RULE] if (rule := _parse_rule(line.strip())) is not None]
    return IgnoreRules(tuple(rules))


def _parse_rule(line: str) -> _Rule | None:
    if not line or line.startswith("#"):
        return None
    if "**" in line:
        raise ChartError("double-star (**) syntax is not supported")
    compile_match(line)
    negated = line.startswith("!")
    pattern = line.removeprefix("!")
    folders_only = pattern.endswith("/")
    return _Rule(_matcher(pattern.removesuffix("/")), negated, folders_only)


def _matcher(pattern: str) -> Callable[[str], bool]:
    """Patterns with a `/` match the whole path, others the last name."""
    regex = compile_match(pattern.removeprefix("/"))
    if "/" in pattern:
        return lambda path: regex.fullmatch(path) is not None
    return lambda path: regex.fullmatch(path.rpartition("/")[2]) is not None
