"""Tables of flights: opened, aggregated to counts, split and one-hot encoded."""
