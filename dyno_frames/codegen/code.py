"""Describe a query or an operation as a program, and write the program in a language."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from dyno_frames.codegen.literals import comment, literal
from dyno_frames.codegen.pandas_source import source
from dyno_frames.codegen.program import Kind, PandasStep, Program, as_json, language_named
from dyno_frames.contract.languages import Language
from dyno_frames.contract.operations import Effect, Operation, operation
from dyno_frames.contract.resources import CREATED, ID_FIELD
from dyno_frames.contract.texts import without_query_addresses
from dyno_frames.errors import ConfigError, NotPushableError
from dyno_frames.query.predicate import columns

if TYPE_CHECKING:
    from jinja2 import Environment

    from dyno_frames.scan.scan import Scan
    from dyno_frames.transport.session import Session


def query_code(scan: Scan, language: str, /, *, wider: bool = False, counts: bool = False) -> str:
    """Return a program that prints the rows of a query, or their number.

    Parameters
    ----------
    scan
        The query.
    language
        ``"curl"``, ``"python"``, ``"java"`` or ``"php"``.
    wider
        Whether to leave out what the server cannot evaluate, so that more rows are printed.
    counts
        Whether to print the number of rows.

    Raises
    ------
    NotPushableError
        A part of the query cannot be part of the program.
    ConfigError
        The query contains the API key.
    """
    target = language_named(language)
    return scan.session.key.kept_out(lambda: _query_code(scan, target, wider=wider, counts=counts))


def _query_code(scan: Scan, target: Language, *, wider: bool, counts: bool) -> str:
    plan = scan.plan
    local = _local_parts(scan)
    step = None
    if local and target is Language.PYTHON and not wider:
        step = _pandas_step(scan)
    elif local and not wider:
        raise NotPushableError(
            f"{'; '.join(local)}: the server cannot evaluate this, and a {target} program has no pandas. Use "
            "language='python', or wider=True to print more rows than the query matches, or remove that part"
        )
    adds_counts = counts and plan.terms is not None and (plan.options.returns_all or wider)
    terms = plan.terms if adds_counts and plan.terms is not None else ()
    return _written(
        scan.session,
        Program(
            kind=Kind.COUNT if adds_counts else Kind.WALK,
            title=("Number of " if counts else "") + _title(scan),
            url=scan.origin.url,
            header=scan.session.header,
            timeout_s=scan.session.timeout_s,
            verb="POST",
            path=operation(plan.resource, "find").path,
            count_path=operation(plan.resource, "count").path,
            bodies=tuple(
                _conditions(scan, one)
                for one in ([body for _, body in terms] if adds_counts else plan.filters)
            ),
            fields=_fields(scan),
            signs=tuple(sign for sign, _ in terms),
            page_size=plan.page_size,
            prints_number=counts,
            missing=comment("; ".join(local)) if local and step is None else "",
            step=step,
        ),
        target,
    )


def request_code(
    session: Session,
    language: str,
    asked: Operation,
    /,
    *,
    key: str | None = None,
    body: Mapping[str, Any] | None = None,
    until_s: int | None = None,
) -> str:
    """Return a program that sends one request and prints the data of the answer.

    Parameters
    ----------
    session
        The connection.
    language
        ``"curl"``, ``"python"``, ``"java"`` or ``"php"``.
    asked
        The operation.
    key, body
        The id in the path, and the body.
    until_s
        When the request must be sent at the latest, in epoch seconds, or None.
    """
    return _written(
        session,
        Program(
            kind=Kind.REQUEST,
            title=f"The operation {asked.name}",
            url=session.url,
            header=session.header,
            timeout_s=session.timeout_s,
            verb=asked.verb,
            path=asked.url_path(key),
            bodies=(body,),
            reads=asked.effect is Effect.READ,
            until_s=until_s,
        ),
        language_named(language),
    )


def _title(scan: Scan) -> str:
    resource = scan.plan.resource
    return f"all {resource}" if scan.query.everything else f"{resource} where {comment(scan.plan.expression)}"


def _local_parts(scan: Scan) -> list[str]:
    """Return the parts of a query that the server cannot evaluate."""
    plan, options = scan.plan, scan.plan.options
    computed = [name for name in options.columns or () if name in scan.context.computed]
    if computed:
        raise NotPushableError(
            f"columns= has {', '.join(computed)}, which dyno_frames computes and the server does not have; leave it out"
        )
    parts = [] if plan.exact else [part.text for part in plan.conjuncts if part.reason] or [plan.expression]
    parts += [f"order_by={', '.join(options.order_by)}"] if options.order_by else []
    parts += [] if options.limit is None else [f"limit={options.limit}"]
    parts += [f"offset={options.offset}"] if options.offset else []
    return [without_query_addresses(part) for part in parts]


def _conditions(scan: Scan, conditions: Mapping[str, Any]) -> dict[str, Any]:
    """Return the conditions in the server's units."""
    sent = {name: value for name, value in scan.plan.sent(conditions).items() if name in conditions}
    as_json(sent)  # raises here, whatever the language
    return sent


def _fields(scan: Scan) -> tuple[str, ...]:
    """Return the fields to request, or nothing for all."""
    fields = scan.plan.fields
    return () if fields is None else tuple(dict.fromkeys((ID_FIELD, CREATED, *fields)))


def _pandas_step(scan: Scan) -> PandasStep:
    plan, options, query = scan.plan, scan.plan.options, scan.query
    condition = ""
    if not plan.exact:
        if query.node is None:
            raise NotPushableError(
                f"the query cannot be written as source text: {query.untraceable or 'it has no expression'}. "
                "Use wider=True to print more rows than it matches"
            )
        condition = source(query.node)
    read = columns(query.node) if condition and query.node is not None else frozenset[str]()
    wanted = sorted({*read, *options.order_by, ID_FIELD})
    computed = [name for name in wanted if name in scan.context.computed]
    if computed:
        raise NotPushableError(
            f"the query reads {', '.join(computed)}, which dyno_frames computes and the server does not have. Write "
            "the condition with the fields of the server, or use wider=True to print more rows than the query matches"
        )
    dtypes = {name: scan.context.dtypes[name] for name in wanted}
    return PandasStep(
        {name: _dtype_source(name, dtype) for name, dtype in dtypes.items()},
        {
            name: list(map(str, dtype.categories))
            for name, dtype in dtypes.items()
            if isinstance(dtype, pd.CategoricalDtype)
        },
        condition,
        [*options.order_by, ID_FIELD],
        [*options.ascending, True],
        options.offset,
        options.limit,
    )


def _dtype_source(name: str, dtype: Any) -> str:
    text = "str" if isinstance(dtype, pd.CategoricalDtype) else str(dtype)
    if not isinstance(dtype, pd.CategoricalDtype) and pd.api.types.pandas_dtype(text) != dtype:
        raise NotPushableError(
            f"the dtype of {name} is {dtype}, which cannot be written as source text; connect without dtype_backend="
        )
    return ascii(text)


def _written(session: Session, program: Program, language: Language) -> str:
    if any(map(session.key.is_in, program.contents)):
        raise ConfigError(
            "a value contains the API key, which no program may contain. Remove it: the program reads the key from "
            "DYNO_API_KEY"
        )
    template = _environment().get_template(f"{language}.j2")
    text: str = template.render(p=program, text=partial(literal, language=language), value=ascii)
    return text


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("dyno_frames.codegen"),
        autoescape=False,  # noqa: S701 - the output is source code; literal() writes the values
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
