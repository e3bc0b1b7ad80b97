"""From tensors to a trained module."""
