"""The HTML pages of the sandbox: its documentation, and unsubscribing. They load nothing else."""

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


def documentation_page(document: dict[str, Any], *, url: str) -> str:
    """Return the page that shows an OpenAPI document. The URL is that of its example."""
    header = document["components"]["securitySchemes"]["key"]["name"]
    example = (
        f"curl -X POST {url}/campaigns/find -H '{header}: YOUR-KEY' -H 'Content-Type: application/json'"
        """ -d '{"status": "finished", "application_limit": 5}'"""
    )
    about = (
        '<p class="soft">For programs: <a href="/openapi.json">openapi.json</a>.'
        ' Health check: <a href="/healthz">healthz</a>.</p>'
    )
    parts = [
        f"<h1>{escape(document['info']['title'])}</h1>",
        f"<p>{escape(document['info']['description'])}</p>",
        (
            f"<p>Every request needs the header <code>{escape(header)}</code>. "
            "A body is JSON, with the header <code>Content-Type: application/json</code>.</p>"
        ),
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
    schema = content.get("application/json", {}).get("schema")
    resolved = _resolved(schema, document) if schema else None
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


def _resolved(schema: dict[str, Any], document: dict[str, Any]) -> Any:
    name = schema.get("$ref", "").rpartition("/")[2]
    return document["components"]["schemas"][name] if name else schema


def unsubscribe_page(*, confirmed: bool, found: bool) -> str:
    """Return the page that a contact sees before and after pressing the button, or if the message does not exist."""
    if not found:
        return _page("Unsubscribe", "<h1>Message not found</h1><p>The link may be out of date.</p>")
    if confirmed:
        return _page(
            "Unsubscribe", "<h1>You are unsubscribed</h1><p>You will receive no more mail from this list.</p>"
        )
    return _page(
        "Unsubscribe",
        '<h1>Unsubscribe from this list?</h1><form method="post"><button>Unsubscribe</button></form>',
    )
