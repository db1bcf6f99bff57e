"""One value under one verb and its flags: the scalar half of Go's fmt (integers, floats, strings, bytes, runes).

`format.py` walks formats and containers and calls this for what is inside. Rules: Go's fmt, `format.go`.
"""

from __future__ import annotations

from dataclasses import dataclass

from steersman.core.golang.numbers import format_float_verb
from steersman.core.golang.quote import can_backquote, is_print, quote, quote_rune, quote_to_ascii
from steersman.core.golang.types import from_bytes, to_bytes

_MAX_RUNE = 0x10FFFF
_INTEGER_BASES = {"v": 10, "d": 10, "b": 2, "o": 8, "O": 8, "x": 16, "X": 16}
_PREFIXES = {2: "0b", 16: "0x"}
_BASE_FORMATS = {2: "b", 8: "o", 10: "d", 16: "x"}


@dataclass(slots=True)
class Flags:
    """What stands between `%` and the verb. `width` and `precision` are None where not given.

    `plus_v` and `sharp_v` hold `+` and `#` of `%+v` and `%#v`, which change the notation instead of a number's form.
    """

    width: int | None = None
    precision: int | None = None
    minus: bool = False
    plus: bool = False
    sharp: bool = False
    space: bool = False
    zero: bool = False
    plus_v: bool = False
    sharp_v: bool = False

    def take_v(self) -> None:
        """`%v` turns `#` and `+` into Go syntax and field names."""
        self.sharp_v, self.sharp = self.sharp, False
        self.plus_v, self.plus = self.plus, False

    def pad(self, text: str, *, zeros: bool = True) -> str:
        """The text padded to the width, in runes; `zeros` False where zeros may never fill."""
        if not self.width or len(text) >= self.width:
            return text
        if self.minus:
            return text.ljust(self.width)
        return text.rjust(self.width, "0" if self.zero and zeros else " ")

    def blanks(self) -> str:
        """The whole width as padding, for a number that prints nothing."""
        return self.pad("", zeros=False)


def format_bool(value: bool, flags: Flags) -> str:
    return flags.pad("true" if value else "false")


def format_integer(value: int, verb: str, flags: Flags, *, signed: bool) -> str | None:
    """An integer; None where the verb does not take one."""
    if verb in ("c", "q", "U"):
        return _format_rune(value % 2**64, verb, flags)
    base = _INTEGER_BASES.get(verb)
    if base is None:
        return None
    if verb == "v" and flags.sharp_v and not signed:
        return integer_text(value, 16, "v", flags, sharp=True)
    return integer_text(value, base, verb, flags, sharp=flags.sharp)


def integer_text(value: int, base: int, verb: str, flags: Flags, *, sharp: bool) -> str:
    if flags.precision == 0 and value == 0:
        return flags.blanks()
    digits = format(abs(value), _BASE_FORMATS[base])
    digits = digits.rjust(_least_digits(value, flags), "0")
    if sharp:
        digits = _PREFIXES.get(base, "0" if base == 8 and digits[0] != "0" else "") + digits
    if verb == "O":
        digits = "0o" + digits
    elif verb == "X":
        digits = digits.upper()
    return flags.pad(_sign(value < 0, flags) + digits, zeros=False)


def _least_digits(value: int, flags: Flags) -> int:
    """Leading zeros come from a precision or, without one, from `0` with a width."""
    if flags.precision is not None:
        return flags.precision
    if flags.zero and not flags.minus and flags.width:
        return flags.width - (1 if value < 0 or flags.plus or flags.space else 0)
    return 0


def _sign(negative: bool, flags: Flags) -> str:
    if negative:
        return "-"
    return "+" if flags.plus else " " if flags.space else ""


def _format_rune(code: int, verb: str, flags: Flags) -> str:
    if verb == "U":
        return _unicode(code, flags)
    char = chr(code) if code <= _MAX_RUNE else "�"
    if verb == "q":
        return flags.pad(quote_rune(char, ascii_only=flags.plus))
    return flags.pad("�" if 0xD800 <= code <= 0xDFFF else char)


def _unicode(code: int, flags: Flags) -> str:
    text = "U+" + format(code, "X").rjust(max(flags.precision or 0, 4), "0")
    if flags.sharp and code <= _MAX_RUNE and is_print(chr(code)):
        text += f" '{chr(code)}'"
    return flags.pad(text, zeros=False)


def format_float_value(value: float, verb: str, flags: Flags) -> str | None:
    """A float; None where the verb does not take one."""
    if verb in ("v", "b", "g", "G", "x", "X"):
        return _float_text(value, "g" if verb == "v" else verb, None, flags)
    if verb in ("e", "E", "f", "F"):
        return _float_text(value, "f" if verb == "F" else verb, 6, flags)
    return None


def _float_text(value: float, verb: str, precision: int | None, flags: Flags) -> str:
    if flags.precision is not None:
        precision = flags.precision
    text = format_float_verb(value, verb, precision)
    sign, text = (text[0], text[1:]) if text[0] in "+-" else ("+", text)
    if flags.space and sign == "+" and not flags.plus:
        sign = " "
    if text in ("Inf", "NaN"):
        shown = "" if text == "NaN" and not flags.space and not flags.plus else sign
        return flags.pad(shown + text, zeros=False)
    if flags.sharp and verb != "b":
        text = _with_point(text, verb, precision)
    if not flags.plus and sign == "+":
        return flags.pad(text)
    if flags.zero and not flags.minus and flags.width:
        return sign + text.rjust(flags.width - 1, "0")
    return flags.pad(sign + text)


def _with_point(text: str, verb: str, precision: int | None) -> str:
    """`#`: always a decimal point, and trailing zeros up to the precision."""
    wanted = (6 if precision is None else precision) if verb in "gGx" else 0
    marks = "pP" if verb in "xX" else "eE"
    cut = next((index for index, char in enumerate(text) if char in marks), len(text))
    number, tail = text[:cut], text[cut:]
    significant = number.lower().removeprefix("0x").replace(".", "") if verb in "xX" else number.replace(".", "")
    # The `x` of 0x counts as a digit in Go's loop, as does everything after it.
    wanted -= len(significant.lstrip("0")) if verb not in "xX" else len(significant) + 1
    if "." not in number:
        if number == "0":
            wanted -= 1
        number += "."
    return number + "0" * max(wanted, 0) + tail


def format_complex(value: complex, verb: str, flags: Flags) -> str | None:
    """A complex number as `(1+2i)`; None where the verb does not take one."""
    real = format_float_value(value.real, verb, flags)
    if real is None:
        return None
    plus, flags.plus = flags.plus, True
    imaginary = format_float_value(value.imag, verb, flags)
    flags.plus = plus
    return f"({real}{imaginary}i)"


def format_string(text: str, verb: str, flags: Flags) -> str | None:
    """A string; None where the verb does not take one."""
    if verb == "s" or (verb == "v" and not flags.sharp_v):
        return flags.pad(_truncated(text, flags))
    if verb in ("q", "v"):
        return flags.pad(_quoted(_truncated(text, flags), flags))
    if verb in ("x", "X"):
        return _hex(to_bytes(text), verb, flags)
    return None


def format_bytes(data: bytes, verb: str, flags: Flags, type_text: str) -> str | None:
    """A []byte; None where the verb does not take one."""
    if verb in ("v", "d"):
        if flags.sharp_v:
            inside = [integer_text(byte, 16, "v", flags, sharp=True) for byte in data]
            return type_text + "{" + ", ".join(inside) + "}"
        return "[" + " ".join([integer_text(byte, 10, verb, flags, sharp=flags.sharp) for byte in data]) + "]"
    if verb in ("x", "X"):
        return _hex(data, verb, flags)
    return format_string(from_bytes(data), verb, flags)


def _truncated(text: str, flags: Flags) -> str:
    return text if flags.precision is None else text[: flags.precision]


def _quoted(text: str, flags: Flags) -> str:
    if flags.sharp and can_backquote(text):
        return f"`{text}`"
    return quote_to_ascii(text) if flags.plus else quote(text)


def _hex(data: bytes, verb: str, flags: Flags) -> str:
    if flags.precision is not None:
        data = data[: flags.precision]
    if not data:
        return flags.pad("")
    prefix = "0x" if flags.sharp else ""
    text = " ".join([f"{prefix}{byte:02x}" for byte in data]) if flags.space else prefix + data.hex()
    return flags.pad(text.upper() if verb == "X" else text)
