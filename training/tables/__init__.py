"""Tables of flights: opened on their engine, and read row by row, with each row's fault."""
