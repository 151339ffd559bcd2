"""Every error the package raises, in one tree.

::

    DynoError
    ├── QueryError(ValueError)            the query is wrong; nothing was sent
    │   ├── QuerySyntaxError              pandas cannot parse it; a caret shows where
    │   ├── UnknownFieldError             no such column; says which one is near
    │   ├── LiteralTypeError              a value of the wrong type for its column
    │   └── NotPushableError              strict=True, and a part would stay local
    ├── SchemaError(ValueError)           a frame, file or declared schema does not fit
    ├── ConfigError(ValueError)           a setting is missing or wrong
    │   └── TableError                    rows to load do not fit; all of them are named
    ├── StaleError                        a mirror is too old, or counted rows have changed
    ├── ApiError                          the application answered no
    │   ├── NotFoundError
    │   ├── AuthenticationError
    │   ├── IllegalTransitionError
    │   ├── RejectedError
    │   └── RateLimitError
    ├── TransportError                    no answer came
    │   ├── ConnectError                  no byte of the request left
    │   ├── ReadTimeoutError
    │   └── RetriesExhaustedError
    ├── ContractError                     an answer outside the contract
    ├── OutcomeUnknownError               an action was sent, and its outcome is unknown
    ├── WaitError                         a campaign did not come to where it was waited for
    └── MissingExtraError(ImportError)    an optional dependency is not installed

Warnings: `InsecureTransportWarning`, and `IncompleteResultWarning` for an answer that may lack rows.

Messages carry no API key and no recipient's address: what goes in is chosen, not copied.
"""

from __future__ import annotations

from dyno_frames.errors.inputs import (
    ConfigError,
    LiteralTypeError,
    MissingExtraError,
    NotPushableError,
    QueryError,
    QuerySyntaxError,
    SchemaError,
    TableError,
    UnknownFieldError,
)
from dyno_frames.errors.requests import (
    ApiError,
    AuthenticationError,
    ConnectError,
    ContractError,
    IllegalTransitionError,
    NotFoundError,
    OutcomeUnknownError,
    RateLimitError,
    ReadTimeoutError,
    RejectedError,
    RetriesExhaustedError,
    TransportError,
    WaitError,
)
from dyno_frames.errors.root import (
    DynoError,
    RequestSummary,
)
from dyno_frames.errors.short import interruption, short_interrupt
from dyno_frames.errors.stale import StaleError
from dyno_frames.errors.warned import (
    IncompleteResultWarning,
    InsecureTransportWarning,
    warn_user,
)

__all__ = [
    "ApiError",
    "AuthenticationError",
    "ConfigError",
    "ConnectError",
    "ContractError",
    "DynoError",
    "IllegalTransitionError",
    "IncompleteResultWarning",
    "InsecureTransportWarning",
    "LiteralTypeError",
    "MissingExtraError",
    "NotFoundError",
    "NotPushableError",
    "OutcomeUnknownError",
    "QueryError",
    "QuerySyntaxError",
    "RateLimitError",
    "ReadTimeoutError",
    "RejectedError",
    "RequestSummary",
    "RetriesExhaustedError",
    "SchemaError",
    "StaleError",
    "TableError",
    "TransportError",
    "UnknownFieldError",
    "WaitError",
    "interruption",
    "short_interrupt",
    "warn_user",
]

for _name in __all__:
    globals()[_name].__module__ = __name__  # the path that tracebacks and pickles show
