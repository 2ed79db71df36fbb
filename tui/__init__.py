"""Shunter: moves funds between a person's own Binance wallets, by hand, in a terminal. README.md here is its map."""
