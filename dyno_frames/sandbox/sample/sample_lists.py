"""The lists of the sample account, and the texts of their campaigns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dyno_frames.sandbox.sample.metrics import COMPANY, NEWSLETTER, SHOP, MetricQuantiles


@dataclass(frozen=True, slots=True)
class SampleList:
    """One list and its campaigns.

    Parameters
    ----------
    key
        The text from which the ids are derived.
    name, description
        The list's fields.
    sender
        The name and address of the sender.
    time_zone
        The time zone of the campaigns.
    metrics, size
        The distribution of the metrics, and the level of this list's size in it.
    campaigns
        The number of campaigns.
    hour
        The hour at which campaigns are sent, in UTC.
    template
        The template, or None.
    texts
        Names, subjects and previews, used in turn. ``{n}`` is the campaign's number and ``{month}`` its month.
    seasonal
        Whether the texts follow the months of the year.
    """

    key: str
    name: str
    description: str
    sender: tuple[str, str]
    time_zone: str
    metrics: MetricQuantiles
    size: float
    campaigns: int
    hour: int
    template: str | None
    texts: tuple[tuple[str, str, str | None], ...]
    seasonal: bool = False


SAMPLE_LISTS: Final = (
    SampleList(
        "digest",
        "Weekly digest",
        "Sample list: readers of the weekly digest",
        ("The Weekly Digest", "digest@news.example.com"),
        "Europe/London",
        NEWSLETTER,
        0.9,
        148,
        6,
        "weekly",
        (
            ("Weekly digest #{n}", "The five best reads of the week", "A library, a ferry and bread"),
            ("Weekly digest #{n}", "What you read to the end", None),
            ("Weekly digest #{n}", "Number {n}: don't miss the letters page", "Your replies, and ours"),
            ("Weekly digest #{n}", "Long reads, short reads & one map", "Eight minutes for the first"),
        ),
    ),
    SampleList(
        "shop-eu",
        "Shop customers, Europe",
        "Sample list: customers of the shop in Europe",
        ("Corner & Co.", "hello@shop.example.com"),
        "Europe/Berlin",
        SHOP,
        0.7,
        72,
        8,
        "offer",
        (
            ("Winter sale", "Winter sale ❄ up to 30% off", "Warm things, cool prices"),
            ("Spring sale", "Spring sale: 20% off everything for the garden", "Until Sunday at midnight"),
            ("Back in stock", "It's back: the zinc watering can", "Made to be mended"),
            ("Summer sale, last days", "50% off, today only", None),
            ("Free delivery weekend", "Free delivery, no minimum", None),
            ("Grüße aus der Werkstatt", "Neu: Körbe aus Weide 🧺", "Handgemacht, in drei Größen"),
        ),
        seasonal=True,
    ),
    SampleList(
        "shop-us",
        "Shop customers, Americas",
        "Sample list: customers of the shop in the Americas",
        ("Corner & Co.", "hello@shop.example.com"),
        "America/New_York",
        SHOP,
        0.94,
        56,
        14,
        "offer",
        (
            ("Winter clearance", "Winter clearance: last pieces, low prices", None),
            (
                "Spring sale, Americas",
                "Spring sale: 20% off everything for the yard",
                "Ends Sunday, midnight",
            ),
            ("Memorial Day", "Mom's picks, and 15% off", None),
            ("Back to school", "Back to school: bags, books, & 100% cotton", "Everything on the list"),
            ("Fall favorites", "Fall favorites, in stock again", "Order by Thursday"),
            ("Holiday gifts", "🎁 Gifts under $25", "Wrapped for free"),
        ),
        seasonal=True,
    ),
    SampleList(
        "club",
        "Club members",
        "Sample list: members of the shop's club",
        ("Corner & Co. Club", "club@shop.example.com"),
        "Europe/Berlin",
        SHOP,
        0.2,
        26,
        9,
        "offer",
        (
            ("Club preview", "A day early, for you", "The sale opens tomorrow; yours is open now"),
            ("Club evening", "You're invited: an evening with the makers", None),
            ("Club points", "Your points expire on the 31st", "Use them, or give them away"),
        ),
    ),
    SampleList(
        "product",
        "Product updates",
        "Sample list: users of Ledgerly who want its news",
        ("Ledgerly", "news@ledgerly.example.com"),
        "UTC",
        COMPANY,
        0.9,
        36,
        15,
        "product",
        (
            ("Product update, {month}", "What's new in {month}", "Three changes you asked for"),
            ("Product update, {month}", "Faster month end, and 12 fixes", None),
            ("Release notes {month}", "API changes: \\o/ & a new export", "Exports keep their columns"),
        ),
    ),
    SampleList(
        "beta",
        "Beta testers",
        "Sample list: users of Ledgerly who try things first",
        ("Ledgerly Labs", "labs@ledgerly.example.com"),
        "UTC",
        COMPANY,
        0.3,
        14,
        16,
        None,
        (
            ("Beta {n}", "Beta {n} is ready for you", None),
            ("<b>Bold</b>, really", "Does <i>this</i> look odd to you?", "A test of how names are shown"),
            ("Beta survey {n}", "Two questions, one minute", "Yes/no & a free field"),
        ),
    ),
    SampleList(
        "events",
        "Event guests",
        "Sample list: guests of talks and open days",
        ("Open House", "events@house.example.com"),
        "America/Sao_Paulo",
        COMPANY,
        0.7,
        18,
        17,
        None,
        (
            ("Open day, {month}", "Come in: open day in {month}", None),
            (
                "Talk: O'Neill on tides",
                'Tonight: Dr. O\'Neill, "Tides, and what they leave"',
                "Doors at 7 pm",
            ),
            ("Café São João ☕", "Um café, uma conversa", "Na praça, às dez"),
        ),
    ),
    SampleList(
        "lettre",
        "Lettre du mois",
        "Sample list: readers of the monthly letter, in French",
        ("La Lettre", "lettre@revue.example.com"),
        "Europe/Paris",
        NEWSLETTER,
        0.3,
        30,
        7,
        "weekly",
        (
            ("La lettre n° {n}", "L'été des jardins, l'hiver des livres", "À lire à l'ombre"),
            ("La lettre n° {n}", "Où va l'eau ? Enquête", None),
            ("Numéro spécial : Noël", "100 % cadeaux, 0 € de port", "Jusqu'au 20 décembre, à minuit"),
        ),
    ),
)
"""The eight lists, with 400 campaigns."""
