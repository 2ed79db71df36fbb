"""The terminal: reads what it sends and tells what a person typed, writes without waiting for it, and gives it back as
it was. Any Textual app could use it.
"""
