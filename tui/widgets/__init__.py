"""The parts that screens are made of, a module each. A widget posts messages up, and is told things down."""
