"""Whether settings are ones: names that nobody reads, values that cannot be used, and what has no effect here. Pure."""

from crawler.settingcheck.effects import without_effect
from crawler.settingcheck.names import Unknown, is_ours, unknown
from crawler.settingcheck.values import wrong

__all__ = ["Unknown", "is_ours", "unknown", "without_effect", "wrong"]
