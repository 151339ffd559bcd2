"""Random rows of campaigns, from small pools of the values that make servers and pandas disagree."""

from __future__ import annotations

from typing import Any

from law.choices import Choices

TEXTS = (
    "a", "A", "b", "ab", "a,b", "a ", " a", "", " ", "a%b", "axb", "a_b", "a\\b", "%", "_", "\\", "k", "K", "\u212a",
    "s", "S", "ſ", "ß", "SS", "ss", "i", "I", "İ", "ı", "é", "e\u0301", "É", "e", "50% off", "two\nlines", "a\n",
    "a.b", "a+b", "(a)", "[a]", "^a", "a$", "aa", "ba", "Straße", "STRASSE", "ﬁ", "fi", "0", "1", "null", "None",
    "nan", "٣", "\u00a0a", "a\u2028b", "a\x00b", "a\tb", "ab,", ",", "😀", "2016", "2016-01-01", "true", "a'b", 'a"b',
)  # fmt: skip
FAMILIES = (
    ("a", "A", "a ", " a", "b"), ("a,b", "a", "b", "ab,", ","), ("a%b", "axb", "a_b", "%", "_"),
    ("a\\b", "\\", "ab", "a%b", "a\\%b"), ("k", "K", "\u212a", "a"), ("s", "S", "ſ", "ß", "ss", "SS"), ("i", "I", "İ", "ı"),
    ("é", "e\u0301", "É", "e"), ("", " ", "a", "  "), ("two\nlines", "a\n", "a", "two"), ("Straße", "STRASSE", "straße"),
    ("ﬁ", "fi", "FI"), ("50% off", "50 off", "50", "off"), ("a.b", "axb", "a+b", "(a)"), ("a", "ab", "ba", "aa", "bab"),
)  # fmt: skip
"""Texts that one server or another takes for the same, or for a part of each other."""

WORDS = (
    "finished",
    "draft",
    "scheduled",
    "running",
    "paused",
    "stopped",
    "Finished",
    "archived",
    "finished ",
    "a,b",
)
NUMBERS = (
    0, 1, 2, 3, 5, 10, 100, -1, -2, 2**53, 2**53 + 1, 2**53 - 1, 2**53 + 2, 2**63 - 1, -(2**53) - 1, -(2**63), 2**31,
)  # fmt: skip
SMALL = (0, 1, 2, 3, 5, 10, 100, 7)
FLOATS = (0.0, 0.5, 1.0, 1.5, -0.0, -1.5, 2.0, 1e300, 5e-324, 0.1, 3, 100, -2, 9007199254740992.0, 1e20, 2.5)
TIMES = (
    1451606400, 1451606399, 0, -1, 1, 1439054168, 1439054169, 1459040399, 1459040400, 1477789199, 1477789200,
    1477792800, 1456704000, 1456790399, -86400, -86401, -315619200, 1483228799, 1483228800, 4102444800, 86400,
)  # fmt: skip
MIXED = ("a", 1, 1.5, True, None, "1", [1], {"a": 1}, 2**53 + 1, False, 0)
ZONES = ("UTC", "Europe/Paris", "America/New_York", "a")

EXTRAS: dict[str, tuple[Any, ...]] = {
    "tag": TEXTS,
    "n": NUMBERS,
    "x": FLOATS,
    "flag": (True, False),
    "mixed": MIXED,
    "weird name": TEXTS,
    "Score": SMALL,
    "void": (None,),
}
"""Fields outside the contract, each with its pool."""

TEXT_FIELDS = ("name", "subject", "from_name", "time_zone", "tag", "weird name")
NUMBER_FIELDS = ("opens", "clicks", "sent", "recipients", "n", "x", "Score")
TIME_FIELDS = ("created", "updated", "start_time")
COUNTERS = ("recipients", "sent", "delivered", "opens", "clicks", "bounces", "complaints", "unsubscribes")


def related(choices: Choices) -> list[str]:
    """Return a few texts that are easily taken for each other."""
    found = [*choices.pick(FAMILIES), *(choices.pick(FAMILIES) if choices.chance(1, 2) else ())]
    return [*found, *choices.some(TEXTS, 4)]


def rows(choices: Choices, texts: list[str], *, most: int = 14) -> list[dict[str, Any]]:
    """Return random campaigns of these texts: null only where a field may be, ids in no order of theirs."""
    size = choices.below(most + 1)
    extras = [name for name in EXTRAS if choices.chance(1, 2)]
    wide = choices.chance(1, 3)
    created = choices.some(TIMES, 6, 1)
    return [_row(choices, at, texts=texts, created=created, extras=extras, wide=wide) for at in range(size)]


def _row(
    choices: Choices, at: int, *, texts: list[str], created: list[int], extras: list[str], wide: bool
) -> dict[str, Any]:
    def maybe(pool: Any) -> Any:
        return None if choices.chance(1, 4) else choices.pick(pool)

    words, numbers = (WORDS, NUMBERS) if wide else (WORDS[:6], SMALL)
    row: dict[str, Any] = {
        "id": f"{(at * 7 + 3) % 16:x}{choices.pick('0aZé')}-{at}",
        "name": choices.pick(texts),
        "subject": maybe(texts),
        "from_name": maybe(texts),
        "from_email": None,
        "preview_message": None,
        "list_id": None,
        "template_id": "t",
        "status": choices.pick(words),
        "start_time": maybe(TIMES),
        "time_zone": maybe(ZONES),
        **dict.fromkeys(COUNTERS, 0),
        "opens": choices.pick(numbers),
        "clicks": choices.pick(numbers),
        "sent": choices.pick(SMALL),
        "created": choices.pick(created),
        "updated": choices.pick(TIMES),
        "user_id": "u",
    }
    for name in extras:
        pool = texts if EXTRAS[name] is TEXTS else EXTRAS[name]
        row[name] = maybe(pool)
    return row
