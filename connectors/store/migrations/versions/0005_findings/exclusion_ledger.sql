-- exclusion_ledger: each figure as it stands, with its exclusions and with the excluded counted as missed.
-- recorded = cases + timed + excluded, all that could have counted; exclusion_rate = excluded ÷ recorded, with its 95 %
-- Wilson interval (z = 1.959963984540054). What is measured and not counted (timed) has no rate if counted otherwise.
CREATE VIEW exclusion_ledger AS
WITH standing AS (
    SELECT
        run_id, run_number, standard, commitment, measure, force, area, neighbourhood, period, period_start,
        met, missed, excluded, cases + timed + excluded AS recorded, excluded_by_reason, verdict, rate,
        CASE WHEN timed = 0 AND denominator + excluded > 0
            THEN CAST(numerator AS DOUBLE PRECISION) / (denominator + excluded) END AS rate_if_excluded_missed
    FROM (
        SELECT
            verdicts.*,
            row_number() OVER (
                PARTITION BY standard, measure, force, area, neighbourhood, period, period_start
                ORDER BY run_number DESC
            ) AS age
        FROM verdicts
    ) AS history
    WHERE age = 1
), spread AS (
    SELECT
        standing.*,
        CASE WHEN recorded > 0 THEN CAST(excluded AS DOUBLE PRECISION) / recorded END AS exclusion_rate,
        2 * CAST(excluded AS DOUBLE PRECISION) + 3.841458820694124 AS middle,
        CASE WHEN recorded > 0 THEN 1.959963984540054 * sqrt(
            3.841458820694124 + 4 * CAST(excluded AS DOUBLE PRECISION) * (recorded - excluded) / recorded
        ) END AS reach,
        2 * (recorded + 3.841458820694124) AS width
    FROM standing
)
SELECT
    run_id, run_number, standard, commitment, measure, force, area, neighbourhood, period, period_start,
    met, missed, excluded, recorded, excluded_by_reason, verdict, rate, rate_if_excluded_missed, exclusion_rate,
    CASE WHEN recorded = 0 THEN NULL WHEN excluded = 0 THEN 0 ELSE (middle - reach) / width END AS exclusion_low,
    CASE WHEN recorded = 0 THEN NULL WHEN excluded = recorded THEN 1 ELSE (middle + reach) / width END
        AS exclusion_high
FROM spread
