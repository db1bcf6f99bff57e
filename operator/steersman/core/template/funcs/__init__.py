"""The template functions by family: Sprig's, and Helm's own that need no chart.

`FunctionMap` is what `template.environment` looks functions up in. The functions bound to a running render (`include`,
`tpl`, `required`, `fail`, `lookup`, `getHostByName`) and Go's builtins are beside this package.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from steersman.core.template.funcs.registry import Function

FAMILIES: Final[dict[str, str]] = {
    "certificates": (
        "buildCustomCert genCA genCAWithKey genPrivateKey genSelfSignedCert genSelfSignedCertWithKey "
        "genSignedCert genSignedCertWithKey"
    ),
    "dates": (
        "ago date dateInZone dateModify date_in_zone date_modify duration durationDays durationHours "
        "durationMicroseconds durationMilliseconds durationMinutes durationNanoseconds durationRound "
        "durationRoundTo durationSeconds durationTruncateTo durationWeeks htmlDate htmlDateInZone "
        "mustDateModify mustToDate mustToDuration must_date_modify now toDate unixEpoch"
    ),
    "decimals": "add1f addf divf mulf subf",
    "defaults": "all any coalesce default empty ternary",
    "dicts": (
        "deepCopy dict dig get hasKey keys merge mergeOverwrite mustDeepCopy mustMerge mustMergeOverwrite "
        "omit pick pluck set unset values"
    ),
    "encoding": (
        "b32dec b32enc b64dec b64enc fromJson fromJsonArray mustFromJson mustToJson mustToPrettyJson "
        "mustToRawJson toJson toPrettyJson toRawJson"
    ),
    "hashes": "adler32sum bcrypt decryptAES derivePassword encryptAES htpasswd sha1sum sha256sum sha512sum",
    "lists": (
        "append chunk compact concat first has initial last list mustAppend mustChunk mustCompact mustFirst "
        "mustHas mustInitial mustLast mustPrepend mustPush mustRest mustReverse mustSlice mustUniq "
        "mustWithout prepend push rest reverse slice sortAlpha tuple uniq without"
    ),
    "math": (
        "add add1 atoi biggest ceil div float64 floor int int64 max maxf min minf mod mul "
        "round seq sub toDecimal until untilStep"
    ),
    "paths_urls": "base clean dir ext isAbs osBase osClean osDir osExt osIsAbs urlJoin urlParse",
    "random": "randAlpha randAlphaNum randAscii randBytes randInt randNumeric shuffle uuidv4",
    "regex": (
        "mustRegexFind mustRegexFindAll mustRegexMatch mustRegexReplaceAll mustRegexReplaceAllLiteral "
        "mustRegexSplit regexFind regexFindAll regexMatch regexQuoteMeta regexReplaceAll "
        "regexReplaceAllLiteral regexSplit"
    ),
    "semver": "semver semverCompare",
    "strings": (
        "cat contains hasPrefix hasSuffix hello indent join nindent plural quote repeat replace split "
        "splitList splitn squote substr toString toStrings trim trimAll trimPrefix trimSuffix trimall trunc"
    ),
    "text_case": "camelcase kebabcase lower snakecase title upper",
    "toml": "fromToml mustToToml toToml",
    "types": "deepEqual kindIs kindOf typeIs typeIsLike typeOf",
    "wrapping": "abbrev abbrevboth initials nospace swapcase untitle wrap wrapWith",
    "yaml": "fromYaml fromYamlArray mustToYaml toYaml toYamlPretty",
}
"""The names each family declares. They stand here too so that a family, and the libraries it needs, are imported only
when a chart uses one of its functions: certificates and zones of time take longer to import than a chart to render."""


class FunctionMap(Mapping[str, "Function"]):
    """Every function by name: those of `tables`, then those of the families."""

    def __init__(self, *tables: Mapping[str, Function]) -> None:
        self._known: dict[str, Function] = {name: function for table in tables for name, function in table.items()}
        self._families = {name: family for family, names in FAMILIES.items() for name in names.split()}

    def __getitem__(self, name: str) -> Function:
        found = self._known.get(name)
        if found is None:
            family = import_module(f"{__name__}.{self._families[name]}")
            found = self._known[name] = family.TABLE[name]
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._known or name in self._families

    def __iter__(self) -> Iterator[str]:
        return iter({**self._families, **self._known})

    def __len__(self) -> int:
        return len({**self._families, **self._known})
