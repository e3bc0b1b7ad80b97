"""What every estimator needs of scikit-learn's conventions."""
