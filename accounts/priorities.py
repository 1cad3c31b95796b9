"""Which tasks go before others, whoever has waited longer. Most have none of these."""

SOMEBODY_WAITS = 10
"""Before a screen, for their mail."""
NOBODY_WAITS = -10
"""Long work that looks for what was left behind: a slice at a time, after all the rest."""

A_SLICE = 5.0
"""In seconds, of such work: for so long it may keep all others waiting."""
