"""Checks settings: names that nothing reads, values that cannot be used, settings without effect. Pure."""

from crawler.settingcheck.effects import without_effect
from crawler.settingcheck.names import Unknown, is_ours, unknown
from crawler.settingcheck.values import wrong

__all__ = ["Unknown", "is_ours", "unknown", "without_effect", "wrong"]
