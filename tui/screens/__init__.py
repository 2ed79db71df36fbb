"""What is seen, a module a screen. For the app, which puts them up. They ask the desk, never the exchange itself."""
