"""Invented logs for `pledge demo`: realistic, the same for the same seed, and with the truth beside them.

One module per log or small group of logs; `invention.INVENTED` lists those beside calls and incidents. `window`,
`load`, `places` and `months` are shared, `planted` declares what is planted, `spoilt` adds the rows that must end
in quarantine, `truth` counts what was planted.
"""

from connectors.sources.invented.invention import invent
from connectors.sources.invented.truth import PLAN, Truth

__all__ = ["PLAN", "Truth", "invent"]
