"""A cache of the exchange's history, next to the journal, in a file that may be deleted at any time.

For the desk. It saves calls, and keeps records that the exchange drops after six months. No outcome depends on it.
"""

from tui.history.store import CacheError, HistoryCache, cache_path

__all__ = ["CacheError", "HistoryCache", "cache_path"]
