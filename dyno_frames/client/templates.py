"""``client.templates``: the six verbs, and a look at what would be mailed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dyno_frames.client.resources import ResourceClient
from dyno_frames.errors import NotFoundError


class Templates(ResourceClient):
    """Templates of one server."""

    def preview(self, id: str, *, contacts: object = None) -> Any:  # noqa: A002 - the API's own word
        """Return a preview of a template for a notebook: inbox line, message and text part.

        The message stands in a frame that runs no script and asks no server for anything.

        Parameters
        ----------
        id
            Its id.
        contacts
            Whom it is filled for: merge fields by name, several such mappings, or a frame; None is somebody.

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
    """Return a preview of what a campaign would mail: its own words, its template's and its list's."""
    template = _named(templates, campaign.get("template_id"))
    mailing = _named(lists, campaign.get("list_id"))
    show = templates.connection.extensions.template_preview
    return show(template, campaign=campaign, mailing=mailing, contacts=contacts)


def _named(resource: ResourceClient, key: object) -> dict[str, Any]:
    """Return the object of an id; an empty one where the campaign names none, or one that is gone."""
    if not isinstance(key, str) or not key:
        return {}
    try:
        return resource.get(key)
    except NotFoundError:
        return {}
