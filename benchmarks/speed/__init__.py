"""What `questions/speed.py` measures: workloads, peers, and rounds in which all take turns."""
