"""Where random choices come from: a seeded generator."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


class Choices:
    """A source of choices; 0 is the simplest one everywhere.

    Parameters
    ----------
    below
        Returns a number from 0 to less than its argument.
    """

    def __init__(self, below: Callable[[int], int]) -> None:
        self._below = below

    @classmethod
    def seeded(cls, seed: str) -> Choices:
        """Return choices that a seed decides."""
        generator = random.Random(seed)  # noqa: S311 - to be the same again, not to be a secret
        return cls(lambda size: int(generator.random() * size))

    def below(self, size: int) -> int:
        """Choose a number from 0 to less than ``size``."""
        return self._below(size) if size > 1 else 0

    def pick(self, pool: Sequence[T]) -> T:
        """Choose one of a pool."""
        return pool[self.below(len(pool))]

    def chance(self, times: int, of: int) -> bool:
        """Say yes so many times of so many."""
        return self.below(of) >= of - times

    def some(self, pool: Sequence[T], most: int, least: int = 0) -> list[T]:
        """Choose a few of a pool, with repetition."""
        return [self.pick(pool) for _ in range(least + self.below(most - least + 1))]
