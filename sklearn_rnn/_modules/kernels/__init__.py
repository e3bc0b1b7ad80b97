"""The compiled kernels as torch operations: layers, training, threads."""
