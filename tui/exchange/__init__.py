"""Binance over HTTPS. BINANCE.md has the facts that this rests on. For the desk; no Textual."""
