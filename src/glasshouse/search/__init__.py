"""Finding the best recipe in the time there is: candidates, out-of-fold scores, an honest score for the winner."""
