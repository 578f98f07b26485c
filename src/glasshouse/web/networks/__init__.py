"""Networks built from layers: listed, edited, drawn, checked."""
