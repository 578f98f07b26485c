"""The Studio in a browser: pages and API on one store; loads no torch."""
