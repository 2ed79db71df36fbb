"""What has been read of the exchange's history, kept beside the journal in a file that may be deleted at any time.

For the desk. It spares asking again, and keeps what the exchange has forgotten after six months; nothing rests on it.
"""

from tui.history.store import CacheError, HistoryCache, cache_path

__all__ = ["CacheError", "HistoryCache", "cache_path"]
