"""The rules: wallets, moves, amounts, transfers, balances, texts. For everybody; no I/O, and nothing of the app."""
