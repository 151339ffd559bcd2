"""Which actions the user confirms, and how. The command line imports it at every start, so it loads no panel."""

from __future__ import annotations

from dyno_frames.contract.lifecycle import Action

COUNT_TYPED_ABOVE = 1_000
"""With more recipients than this, the user types their number before mail is sent."""

WITHOUT_REVIEW = frozenset({Action.PAUSE})
"""The actions that one click sends."""
