"""The first door, *fit to judge?*: what is expected of a delivery, before any promise is judged by it."""

from expectations.quality.delivery import delivery_fitness
from expectations.quality.results import RowFailure, RuleResult, merged
from expectations.quality.rows import fitness

__all__ = ["RowFailure", "RuleResult", "delivery_fitness", "fitness", "merged"]
