"""What makes a cold start shorter; imported before all that is heavy."""

import gc
import os

# OpenBLAS would start a thread for each core, which spins for a while, for products of matrices
# that nobody here asks for.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

# What imports make is no garbage, and looking for some costs a twentieth of the start.
gc.disable()


def finish() -> None:
    """Collect garbage again, but pass over all that was loaded, here and in forked workers."""
    gc.freeze()
    gc.enable()
