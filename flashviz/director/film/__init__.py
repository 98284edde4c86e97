"""The main film, a file for each of its parts; ``scenes/flash.py`` is their order."""
