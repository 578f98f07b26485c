"""Follow one picture: through the network, to the loss, and back to one weight."""
