"""What a browser sees of the sandbox: its documentation, and where a recipient leaves a list. Nothing is fetched."""

from __future__ import annotations

import json
from html import escape
from typing import Any, Final

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1f2933; --soft: #52606d; --line: #cbd2d9; --back: #ffffff; --code: #f0f4f8; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #f0f4f8; --soft: #9fb3c8; --line: #334e68; --back: #102a43; --code: #243b53; }
}
body { margin: 0 auto; max-width: 56rem; padding: 2rem 1rem; background: var(--back); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; } h2 { margin-top: 2.5rem; font-size: 1.2rem; }
code, pre { background: var(--code); font: 14px/1.4 ui-monospace, monospace; border-radius: 4px; }
code { padding: 0 .3em; } pre { padding: .8rem; overflow-x: auto; }
details { border-top: 1px solid var(--line); padding: .5rem 0; } summary { cursor: pointer; }
.verb { display: inline-block; min-width: 5rem; font-weight: 600; } .soft { color: var(--soft); }
button { font: inherit; padding: .6rem 1.2rem; }
"""

_PAGE: Final = (
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    "<title>{title}</title><style>{style}</style></head><body>{body}</body></html>"
)


def _page(title: str, body: str) -> str:
    return _PAGE.format(title=escape(title), style=_STYLE, body=body)


def documentation(document: dict[str, Any], *, url: str) -> str:
    """Return the page that shows an OpenAPI document.

    Parameters
    ----------
    document
        The document.
    url
        Where the API answers, for the example.
    """
    header = document["components"]["securitySchemes"]["key"]["name"]
    example = (
        f"curl -X POST {url}/campaigns/find -H '{header}: YOUR-KEY' -H 'Content-Type: application/json'"
        """ -d '{"status": "finished", "application_limit": 5}'"""
    )
    about = (
        '<p class="soft">The same as a document for programs: <a href="/openapi.json">openapi.json</a>.'
        ' Whether it answers: <a href="/healthz">healthz</a>.</p>'
    )
    parts = [
        f"<h1>{escape(document['info']['title'])}</h1>",
        f"<p>{escape(document['info']['description'])}</p>",
        f"<p>Every request carries the header <code>{escape(header)}</code>; a body is JSON and says so.</p>",
        f"<pre>{escape(example)}</pre>",
        about,
    ]
    for tag in (tag["name"] for tag in document["tags"]):
        parts.append(f"<h2>{escape(tag.replace('_', ' ').capitalize())}</h2>")
        parts += [
            _operation(verb, path, operation, document)
            for path, verbs in document["paths"].items()
            for verb, operation in verbs.items()
            if tag in operation["tags"]
        ]
    return _page(document["info"]["title"], "".join(parts))


def _operation(verb: str, path: str, operation: dict[str, Any], document: dict[str, Any]) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    shape = content.get("application/json", {}).get("schema")
    resolved = _resolved(shape, document) if shape else None
    body = (
        f"<p>Body</p><pre>{escape(json.dumps(resolved, indent=2, ensure_ascii=False))}</pre>"
        if resolved
        else '<p class="soft">No body.</p>'
    )
    return (
        f'<details id="{escape(operation["operationId"])}"><summary><span class="verb">{verb.upper()}</span>'
        f'<code>{escape(path)}</code> <span class="soft">{escape(operation["summary"])}</span></summary>'
        f"{body}</details>"
    )


def _resolved(shape: dict[str, Any], document: dict[str, Any]) -> Any:
    name = shape.get("$ref", "").rpartition("/")[2]
    return document["components"]["schemas"][name] if name else shape


def leaving(*, asked: bool, found: bool) -> str:
    """Return the page a recipient sees.

    Parameters
    ----------
    asked
        Whether they said that they want to leave.
    found
        Whether there is such a message.
    """
    if not found:
        return _page("Unsubscribe", "<h1>There is no such message here</h1><p>The link may be old.</p>")
    if asked:
        return _page(
            "Unsubscribe", "<h1>You have left this list</h1><p>Nothing more is sent to you from it.</p>"
        )
    return _page(
        "Unsubscribe",
        '<h1>Leave this list?</h1><form method="post"><button>Unsubscribe</button></form>',
    )
