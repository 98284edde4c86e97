"""Measurements. A report names machine, versions and method, and holds every repetition; no test is decided by a time.

report   the schema of the json, and how it is written and read
attention  attention by several methods, on a GPU or on a CPU
tracing  what a trace costs: events a second, memory, the file, the interpreted kernel with and without tracing
memory   how much a process has used
"""
