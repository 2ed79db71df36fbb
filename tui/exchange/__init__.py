"""Binance over HTTPS, with the facts that it rests on in BINANCE.md. For the desk; no Textual."""
