"""Conventions of scikit-learn that all estimators share: parameters, validation and state."""
