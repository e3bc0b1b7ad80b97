"""How an experiment is run: tasks, models, random states, folds, a cache, and the time left."""
