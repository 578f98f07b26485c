"""The pages of the Studio: HTML from the server, each view with an address of its own."""
