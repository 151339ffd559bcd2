"""Fill in merge fields: ``{{ name }}`` and conditions in a template's text.

The language is a subset of Jinja: fields, a few filters and ``if``. There are no loops, calls or attributes, so
rendering takes time proportional to the length of the template, and a template can read only the fields.
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
    """The merge fields of a template cannot be filled in; the message says why."""


def _environment(*, html: bool) -> SandboxedEnvironment:
    environment = SandboxedEnvironment(autoescape=html, keep_trailing_newline=True)
    environment.globals.clear()
    environment.filters = {name: environment.filters[name] for name in FILTERS}
    environment.tests = {name: environment.tests[name] for name in TESTS}
    return environment


_HTML, _TEXT = _environment(html=True), _environment(html=False)


def merge(text: str, values: Mapping[str, str], *, html: bool = False) -> str:
    """Return a text with its merge fields filled in. Unknown fields are empty.

    Parameters
    ----------
    text
        The template's text.
    values
        The fields.
    html
        Whether the text is HTML; then the values are escaped.

    Raises
    ------
    MergeError
        The text contains something other than fields, filters and ``if``.

    Examples
    --------
    >>> merge("Dear {{ name | default('friend', true) }}", {"name": ""})
    'Dear friend'
    """
    try:
        return _compiled(text, html=html).render(values)
    except MergeError:
        raise
    except (TemplateError, ValueError, TypeError, ArithmeticError, RecursionError) as error:
        raise MergeError(f"a merge field cannot be filled in: {type(error).__name__}") from error


def field_names(*texts: str) -> tuple[str, ...]:
    """Return the names of the fields that texts use, sorted.

    Raises
    ------
    MergeError
        A text contains something other than fields, filters and ``if``.

    Examples
    --------
    >>> field_names("Dear {{ name }}", "{% if town %}In {{ town | upper }}{% endif %}")
    ('name', 'town')
    """
    found: set[str] = set()
    for text in texts:
        _compiled(text, html=False)  # raises MergeError
        found |= meta.find_undeclared_variables(_TEXT.parse(text))
    return tuple(sorted(found))


@lru_cache(maxsize=256)
def _compiled(text: str, *, html: bool) -> Template:
    environment = _HTML if html else _TEXT
    try:
        tree = environment.parse(text)
        _check(tree)
        return environment.from_string(tree)
    except TemplateError as error:
        raise MergeError(_reason(error)) from error
    except (RecursionError, MemoryError, SyntaxError) as error:
        raise MergeError("the merge fields are nested too deeply") from error


def _reason(error: TemplateError) -> str:
    line = getattr(error, "lineno", None)
    where = f"line {line}: " if line else ""
    return f"{where}{error.message or type(error).__name__}"


def _check(tree: nodes.Template) -> None:
    pending: list[nodes.Node] = [tree]
    while pending:
        node = pending.pop()
        if not isinstance(node, _ALLOWED):
            kind = type(node).__name__
            raise MergeError(
                f"line {node.lineno}: {kind} is not supported in a message; use fields, filters and if"
            )
        pending.extend(node.iter_child_nodes())
