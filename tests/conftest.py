"""What every test module needs before anything else is imported."""

import os

# scikit-learn runs its array API check only with this; scipy reads it when it is imported.
os.environ["SCIPY_ARRAY_API"] = "1"
