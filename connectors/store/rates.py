"""The rates of a figure as SQL over its counts: generated columns of `verdicts`, the same on both databases.

Wilson's interval at 95 %: z = 1.959963984540054, z² = 3.841458820694124. NULL where nothing was judged, and where the
figure is a measured share (of hours, of officer days): its numerator and denominator count no independent cases.
"""

_MIDDLE = "2 * CAST(numerator AS DOUBLE PRECISION) + 3.841458820694124"
_REACH = (
    "1.959963984540054 * sqrt(3.841458820694124 "
    "+ 4 * CAST(numerator AS DOUBLE PRECISION) * (denominator - numerator) / denominator)"
)
_WIDTH = "(2 * (denominator + 3.841458820694124))"
_MEASURED = "timed > 0 AND (met + missed = 0 OR denominator > met + missed + unknown)"
_NOTHING = f"denominator < 1 OR numerator > denominator OR ({_MEASURED})"

RATE = "CASE WHEN denominator > 0 THEN CAST(numerator AS DOUBLE PRECISION) / denominator END"
# At 0 % and 100 % the bound is exact; the arithmetic would leave a speck beyond it.
RATE_LOW = f"CASE WHEN {_NOTHING} THEN NULL WHEN numerator = 0 THEN 0 ELSE ({_MIDDLE} - {_REACH}) / {_WIDTH} END"
RATE_HIGH = (
    f"CASE WHEN {_NOTHING} THEN NULL WHEN numerator = denominator THEN 1 ELSE ({_MIDDLE} + {_REACH}) / {_WIDTH} END"
)
RATE_IF_UNKNOWN_MISSED = (
    "CASE WHEN met + missed + unknown > 0 THEN CAST(met AS DOUBLE PRECISION) / (met + missed + unknown) END"
)
