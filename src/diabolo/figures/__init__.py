"""Pictures of results: functions from plain arrays and records to a ``matplotlib.figure.Figure``. No pyplot, no global state.

Every function takes ``texts``, captions by key in the reader's language; ``diabolo.figures.texts`` has the English ones, which
are the default, and the Russian ones.
"""
