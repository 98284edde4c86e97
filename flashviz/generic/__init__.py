"""The film of any kernel before anything is drawn.

touches  which parts of a tensor the first k events touched, and how many bytes crossed
story    which launches and which program are shown; beats with their captions
layout   where everything stands
"""
