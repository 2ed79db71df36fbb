"""Every sentence that a person reads about a transfer and its outcome.

They are functions of evidence (`tui.domain.evidence`), so that no sentence says more than is known.
"""
