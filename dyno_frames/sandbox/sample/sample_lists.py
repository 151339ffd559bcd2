"""The lists of the sample account, and the words of what each is sent."""

from __future__ import annotations

from dataclasses import dataclass

from dyno_frames.sandbox.sample.metrics import COMPANY, NEWSLETTER, SHOP, Spread


@dataclass(frozen=True, slots=True)
class Family:
    """One list, and the campaigns that go to it.

    Parameters
    ----------
    key
        What its id is made from.
    name, description
        The list's.
    sender
        The name and address that its campaigns come from.
    time_zone
        Where its readers are.
    spread, size
        What its figures resemble, and the level of its size among them.
    campaigns
        How many there are.
    hour
        When they leave, in UTC.
    template
        The template they use, or none.
    lines
        Names, subjects and previews in turn; ``{n}`` is the number of the campaign, ``{month}`` its month.
    seasonal
        Whether the lines follow the year, from January on.
    """

    key: str
    name: str
    description: str
    sender: tuple[str, str]
    time_zone: str
    spread: Spread
    size: float
    campaigns: int
    hour: int
    template: str | None
    lines: tuple[tuple[str, str, str | None], ...]
    seasonal: bool = False


FAMILIES = (
    Family(
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
    Family(
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
    Family(
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
    Family(
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
    Family(
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
    Family(
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
    Family(
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
    Family(
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
"""Eight lists and their 400 campaigns."""
