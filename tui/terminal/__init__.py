"""The terminal. What it sends is read without guessing, so that what a person typed is told from everything else; what
it shows is brought up to date with the least that does it. Any Textual app could take it.
"""
