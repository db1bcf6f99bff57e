"""Go's template errors → the text Helm prints.

Called by `environment.py` when a file does not parse or fails. Helm takes Go's one-line text apart by its punctuation;
so does this, quirks included (names with `: ` in them come out garbled there and here).
"""

from __future__ import annotations

import re
from typing import Final

from steersman.core.template.errors import GoError, ParseError, TemplateError

MARK_START: Final = "HELM_ERR_START"
MARK_END: Final = "HELM_ERR_END"
"""`required` and `fail` put their message between these, so that Helm finds it again in the whole text."""

_MARKED: Final = re.compile(f"{MARK_START}(.*){MARK_END}", re.DOTALL)
_PREFIX: Final = "template: "
_LINKS_SEEN: Final = 3


def parse_error(file: str, error: ParseError) -> TemplateError:
    """`parse error at (FILE:LINE): MESSAGE`"""
    tokens = error.text.split(": ")
    if len(tokens) == 1:
        return TemplateError(f"parse error in ({file}): {error.text}", error.place)
    return TemplateError(f"parse error at ({tokens[1]}): {tokens[-1]}", error.place)


def execution_error(error: GoError) -> TemplateError:
    """The chain of template errors as blocks; or Go's own text where the chain ends in something else."""
    text = str(error)
    tokens = text.split(": ", 2)
    message = marked_message(tokens[2]) if len(tokens) == 3 else None
    if message is not None:
        return TemplateError(f"execution error at ({tokens[1]}): {message}", error.place)
    blocks = _blocks(error.parts())
    return TemplateError(text if blocks is None else "".join(blocks).strip(), error.place)


def marked_message(text: str) -> str | None:
    """The message of a `required` or `fail` in this text, None where there is none."""
    marked = _MARKED.search(text)
    return marked[1] if marked else None


def _blocks(parts: list[str]) -> list[str] | None:
    """A block for each error of the chain, outermost first; None where one of them is no template's.

    Helm takes a link with all that it wraps, but rarely looks further than the next one; recursion makes thousands of
    them.
    """
    blocks: list[str] = []
    for index in reversed(range(len(parts))):
        block = _block(parts, index)
        if block is None:
            return None
        if not blocks or blocks[-1] != block:
            blocks.append(block)
    return blocks[::-1]


def _block(parts: list[str], index: int) -> str | None:
    """One error of the chain, as location, context and message on lines of their own; None if it is no template's."""
    link = "".join(parts[index : index + _LINKS_SEEN])
    if not link.startswith(_PREFIX):
        return None
    rest = link.removeprefix(_PREFIX)
    if rest.startswith("no template "):
        return f"{link}\n"
    return _executing(rest) or _simple("".join(parts[index:]).removeprefix(_PREFIX))


def _executing(rest: str) -> str | None:
    """`FILE:LINE:COL: executing "NAME" at <CONTEXT>: MESSAGE`"""
    where, found, after = rest.partition(": executing ")
    if not found or not after.startswith('"'):
        return None
    name, quoted, after = after[1:].partition('"')
    if not quoted or not after.startswith(" at <"):
        return None
    context, found, message = after.removeprefix(" at <").partition(">: ")
    if not found:
        return None
    return _lines(where, f'executing "{name}" at <{context}>:', _without_next(message))


def _simple(rest: str) -> str | None:
    """`FILE:LINE: MESSAGE`. Names with quotes end here too, and then the message is the end of the whole chain."""
    where, found, message = rest.rpartition(": ")
    return _lines(where, "", _without_next(message)) if found else None


def _without_next(message: str) -> str:
    """The message without the error that it wraps, which has a block of its own."""
    return message.partition(" template:")[0]


def _lines(where: str, executing: str, message: str) -> str:
    located = f"{where}\n  " if where else ""
    context = f"{executing}\n    " if executing else ""
    return located + context + (f"{message}\n" if message else "")
