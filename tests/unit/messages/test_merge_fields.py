"""Merge fields: fields, conditions and a few filters, and nothing else."""

from __future__ import annotations

import pytest

from dyno_frames.messages.merge_fields import MergeError, merge


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("{{ name }}", {"name": "Jo"}, "Jo"),
        ("{{ nobody }}", {}, ""),
        ("{{ name | default('friend', true) }}", {"name": ""}, "friend"),
        ("{% if city %}in {{ city | upper }}{% else %}here{% endif %}", {"city": "hué"}, "in HUÉ"),
        ("{{ 'a' ~ name }}", {"name": "b"}, "ab"),
        ("{{ 'x' if name == 'Jo' else 'y' }}", {"name": "Jo"}, "x"),
        ("{# nothing #}{% raw %}{{ name }}{% endraw %}\n", {}, "{{ name }}\n"),
        ("{{ name }}", {"name": "{{ 7 * 7 }}"}, "{{ 7 * 7 }}"),
    ],
)
def test_fields_conditions_and_a_few_filters_are_supported(text, values, expected):
    assert merge(text, values) == expected


@pytest.mark.parametrize("depth", [10**4, 10**5])
def test_deep_nesting_is_refused(depth):
    with pytest.raises(MergeError):
        merge("{{" + "(" * depth + "name" + ")" * depth + "}}", {})
