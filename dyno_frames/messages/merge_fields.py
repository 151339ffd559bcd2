"""Merge fields: ``{{ name }}`` and conditions in a template's text, and nothing that could run long or far.

The language is Jinja's, cut down to what a message needs: fields, a few filters, ``if``. Without loops, calls
and attributes a template takes no more time than its length, and reaches nothing but the fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from jinja2 import Template, TemplateError, meta, nodes
from jinja2.sandbox import SandboxedEnvironment

FILTERS = frozenset(
    {"default", "d", "upper", "lower", "title", "capitalize", "trim", "escape", "e", "urlencode", "truncate"}
)
TESTS = frozenset({"defined", "undefined", "none", "eq", "ne"})

_ALLOWED: tuple[type[nodes.Node], ...] = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.If,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Concat,
    nodes.Filter,
    nodes.Test,
)


class MergeError(ValueError):
    """A template's text cannot be merged; the message says what stands in the way."""


def _environment(*, rich: bool) -> SandboxedEnvironment:
    environment = SandboxedEnvironment(autoescape=rich, keep_trailing_newline=True)
    environment.globals.clear()
    environment.filters = {name: environment.filters[name] for name in FILTERS}
    environment.tests = {name: environment.tests[name] for name in TESTS}
    return environment


_RICH, _PLAIN = _environment(rich=True), _environment(rich=False)


def merged(text: str, values: Mapping[str, str], *, rich: bool = False) -> str:
    """Return a text with its fields filled in; one that is not known is empty.

    Parameters
    ----------
    text
        The template's text.
    values
        The fields.
    rich
        Whether the text is HTML, into which values go escaped.

    Raises
    ------
    MergeError
        The text is not in the language.

    Examples
    --------
    >>> merged("Dear {{ name | default('friend', true) }}", {"name": ""})
    'Dear friend'
    """
    try:
        return _compiled(text, rich=rich).render(values)
    except MergeError:
        raise
    except (TemplateError, ValueError, TypeError, ArithmeticError, RecursionError) as error:
        raise MergeError(f"a merge field does not work: {type(error).__name__}") from error


def fields(*texts: str) -> tuple[str, ...]:
    """Return the names that texts use, sorted.

    Raises
    ------
    MergeError
        A text is not in the language.

    Examples
    --------
    >>> fields("Dear {{ name }}", "{% if town %}In {{ town | upper }}{% endif %}")
    ('name', 'town')
    """
    found: set[str] = set()
    for text in texts:
        _compiled(text, rich=False)  # refuses what is not in the language
        found |= meta.find_undeclared_variables(_PLAIN.parse(text))
    return tuple(sorted(found))


@lru_cache(maxsize=256)
def _compiled(text: str, *, rich: bool) -> Template:
    environment = _RICH if rich else _PLAIN
    try:
        tree = environment.parse(text)
        _check(tree)
        return environment.from_string(tree)
    except TemplateError as error:
        raise MergeError(_words(error)) from error
    except (RecursionError, MemoryError, SyntaxError) as error:
        raise MergeError("its merge fields are nested too deeply") from error


def _words(error: TemplateError) -> str:
    line = getattr(error, "lineno", None)
    where = f"line {line}: " if line else ""
    return f"{where}{error.message or type(error).__name__}"


def _check(tree: nodes.Template) -> None:
    waiting: list[nodes.Node] = [tree]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, _ALLOWED):
            kind = type(node).__name__
            raise MergeError(
                f"line {node.lineno}: {kind} has no place in a message; fields, if and a few filters do"
            )
        waiting.extend(node.iter_child_nodes())
