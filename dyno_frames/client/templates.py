"""``client.templates``: the six verbs, and a preview of the message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dyno_frames.client.resources import ResourceClient
from dyno_frames.errors import NotFoundError


class Templates(ResourceClient):
    """Templates of one server."""

    def preview(self, id: str, *, contacts: object = None) -> Any:  # noqa: A002 - the API's own word
        """Return a preview of a template for a notebook: inbox line, message and text part.

        The message is shown in a frame that runs no script and makes no request.

        Parameters
        ----------
        id
            Its id.
        contacts
            The contacts to fill the message for: a mapping of merge fields, a list of mappings, or a frame (default: a
            sample contact).

        Returns
        -------
        TemplatePreview
            A widget; ``.message`` is what it shows.

        Raises
        ------
        NotFoundError
            No template has this id.

        Examples
        --------
        >>> client.templates.preview("6f1c…", contacts={"name": "Ann"})  # doctest: +SKIP
        TemplatePreview of Weekly digest
        """
        return self.connection.extensions.template_preview(self.get(id), contacts=contacts)


def preview_of(
    campaign: Mapping[str, Any], contacts: object, *, templates: ResourceClient, lists: ResourceClient
) -> Any:
    """Return a preview of the message of a campaign, from the campaign, its template and its list."""
    template = _named(templates, campaign.get("template_id"))
    mailing = _named(lists, campaign.get("list_id"))
    show = templates.connection.extensions.template_preview
    return show(template, campaign=campaign, mailing=mailing, contacts=contacts)


def _named(resource: ResourceClient, key: object) -> dict[str, Any]:
    """Return the object of an id, or an empty one if the campaign has no id or the object does not exist."""
    if not isinstance(key, str) or not key:
        return {}
    try:
        return resource.get(key)
    except NotFoundError:
        return {}
