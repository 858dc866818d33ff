"""Publishing a model, and judging it against others."""
