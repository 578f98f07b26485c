"""From bytes to the uint8 pixels of one picture, the same in training and in prediction."""
