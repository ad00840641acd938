"""The package and the process around it: forks, signals, event loops, threads, the end."""
