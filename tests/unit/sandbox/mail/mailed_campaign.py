"""A campaign to real contacts, over HTTP."""

from __future__ import annotations


class Campaign:
    """A campaign over HTTP, started."""

    def __init__(self, api, emails, *, template=None, start=True, **fields):
        self.api = api
        self.list_id = api.create("lists", emails=emails)
        made = {"list_id": self.list_id, "subject": "x", "from_email": "s@example.com", **fields}
        if template is not None:
            made["template_id"] = api.create("templates", **template)
        self.key = api.create(
            "campaigns", **{name: value for name, value in made.items() if value is not None}
        )
        if start:
            self.act("init")

    def act(self, path, **body):
        name = "campaign_id" if path in {"init", "update_and_resume"} else "id"
        return self.api.data("POST", f"/campaign_process/{path}", {name: self.key, **body})

    def __getitem__(self, name):
        return self.row().get(name)

    def row(self):
        return self.api.data("GET", f"/campaigns/{self.key}")

    def figures(self):
        row = self.row()
        return tuple(row[name] for name in ("recipients", "sent", "delivered", "bounces"))

    def outcomes(self):
        return self.api.box.deliveries(self.key)["outcome"].value_counts().to_dict()


def addresses(count):
    return [f"jo.{number}@example.com" for number in range(count)]


def attempts(campaign):
    return campaign.api.box.deliveries(campaign.key)["attempts"].tolist()


def looked_again(api, until):
    """Wait until the mailer has had many occasions to connect."""
    seen = api.box._sender.ticks
    until(lambda: api.box._sender.ticks >= seen + 5)
