"""Pictures of comparisons and penalty paths."""
