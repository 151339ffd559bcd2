"""Match the column names of a table with the fields of the contract."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Final

from dyno_frames.contract.resources import ID_FIELD, Resource
from dyno_frames.errors import ConfigError

_ALIASES: Final = {
    # column names of Mailchimp, Brevo and Klaviyo exports, in lower case and without spaces, by field
    "name": "title campaigntitle campaignname campaign listname audiencename templatename",
    "id": "campaignid uniqueid",
    "subject": "subjectline",
    "preview_message": "previewtext preheader",
    "from_name": "sendername",
    "from_email": "senderemail",
    "status": "campaignstatus",
    "start_time": "senddate sentdate sendtime senttime sentat sentdatetime scheduleddate scheduledat",
    "recipients": "totalrecipients",
    "sent": "emailssent totalsent",
    "delivered": "successfuldeliveries deliveries",
    "opens": "uniqueopens uniqueopeners openers opened",
    "clicks": "uniqueclicks uniqueclickers clickers clicked",
    "bounces": "totalbounces bounced",
    "complaints": "abusecomplaints spamcomplaints spamreports",
    "unsubscribes": "unsubscribed unsubscribers unsubscriptions",
    "contacts": "subscribers members",
    "created": "createdat creationdate datecreated createdate",
    "updated": "updatedat lastupdated lastedited modified",
    "html": "htmlcontent",
    "text": "plaintext",
}
ALIASES: Final = {alias: field for field, aliases in _ALIASES.items() for alias in aliases.split()}

_ALIKE: Final = 0.85
"""The similarity from which a name counts as a misspelled field."""


def checked_rename(given: Any) -> dict[str, str]:
    """Return ``rename`` as a dict. Raise ConfigError if it is not a mapping of column names to field names."""
    if given is None:
        return {}
    if not isinstance(given, Mapping) or not all(
        isinstance(text, str) for item in given.items() for text in item
    ):
        raise ConfigError(
            f"rename={given!r} is not a mapping of names. "
            "Expected column names and the fields they become, for example {'Title': 'name'}."
        )
    return dict(given)


def renamed(names: Iterable[str], rename: Mapping[str, str], *, what: str) -> dict[str, str]:
    """Return the field name of each column. Raise ConfigError if two columns would have the same name."""
    fields: dict[str, str] = {}
    taken: dict[str, str] = {}
    for name in names:
        field = rename.get(name, name)
        if field in taken:
            raise ConfigError(
                f"{what}: rename gives the columns {taken[field]!r} and {name!r} the same name, {field!r}. "
                "Rename one of them to another name."
            )
        taken[field] = name
        fields[name] = field
    return fields


def unused(rename: Mapping[str, str], names: Iterable[str]) -> str:
    """Return why ``rename`` does not match these column names, or an empty string if it does."""
    known = list(dict.fromkeys(names))
    missing = [name for name in rename if name not in known]
    if not missing:
        return ""
    if not known:
        return (
            f"rename names the column {missing[0]!r}, but load names no table; pass rename together with load"
        )
    near = get_close_matches(missing[0], known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else f"; the columns are {', '.join(map(repr, known))}"
    return f"rename names the column {missing[0]!r}, which no loaded table has{hint}"


def suggestions(resource: Resource, names: Iterable[str]) -> dict[str, str]:
    """Return the missing field that each unknown column resembles. Columns that resemble no field are left out.

    Examples
    --------
    >>> from dyno_frames.contract.resources import CAMPAIGNS
    >>> suggestions(CAMPAIGNS, ["Title", "Send Date", "Unique Opens", "Open Rate", "subjct"])
    {'Title': 'name', 'Send Date': 'start_time', 'Unique Opens': 'opens', 'subjct': 'subject'}
    """
    present = list(names)
    missing = {_bare(field): field for field in resource.names if field not in present}
    found: dict[str, str] = {}
    for name in present:
        if name in resource.names or name in resource.write_only:
            continue
        bare = _bare(name)
        field = missing.get(bare) or missing.get(_bare(ALIASES.get(bare, "")))
        near = get_close_matches(bare, missing, n=1, cutoff=_ALIKE) if field is None else []
        if field is not None or near:
            found[name] = field or missing[near[0]]
    return found


def notice(resource: Resource, names: Iterable[str], *, what: str) -> str:
    """Return a message about columns that are not fields of the contract, or an empty string.

    Extra columns are normal. There is a message if a column resembles a field that the table does not have, or if
    the table has no field besides the id.
    """
    present = list(names)
    unknown = [name for name in present if name not in resource.names and name not in resource.write_only]
    found = suggestions(resource, unknown + [name for name in present if name not in unknown])
    known = [name for name in present if name not in unknown and name != ID_FIELD]
    if not unknown or (known and not found):
        return ""
    listed = [
        f"{name!r} (did you mean {found[name]!r}?)" if name in found else repr(name) for name in unknown
    ]
    verb = "column is not a field" if len(unknown) == 1 else "columns are not fields"
    example = found or {unknown[0]: "name"}
    pairs = ", ".join(f"{old!r}: {new!r}" for old, new in _first_of_each(example).items())
    return (
        f"{what}: {len(unknown)} {verb} of {resource.name} and kept as extra fields: {', '.join(listed)}. "
        f"To load them as fields, pass rename={{{pairs}}} (on the command line: --rename OLD=NEW)."
    )


def _first_of_each(found: Mapping[str, str]) -> dict[str, str]:
    olds: dict[str, str] = {}
    for old, new in found.items():
        olds.setdefault(new, old)
    return {old: new for new, old in olds.items()}


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
