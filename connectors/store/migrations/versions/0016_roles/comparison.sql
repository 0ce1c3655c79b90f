-- comparison: each force's month and twelve months beside all forces together, with n and its funnel limits.
-- The limits are those of the newest row of `funnels`; NULL where there is no funnel: the period is open, fewer
-- than two forces have cases, or the figure is a measured share of hours.
-- forces: how many were compared; NULL for who may not see them all (PostgreSQL, row-level security).
CREATE OR REPLACE VIEW comparison AS
WITH newest_funnels AS (
    SELECT *
    FROM (
        SELECT
            funnels.*,
            row_number() OVER (
                PARTITION BY standard, measure, period, period_start, level, within, unit ORDER BY run_number DESC
            ) AS age
        FROM funnels
        WHERE level = 'force'
    ) AS history
    WHERE age = 1 AND denominator > 0
), counted AS (
    SELECT
        newest_funnels.*,
        count(*) OVER (PARTITION BY standard, measure, period, period_start, within) AS forces
    FROM newest_funnels
)
SELECT
    figures.standard, figures.commitment, figures.measure, figures.force, figures.period, figures.period_start,
    figures.verdict, figures.denominator AS n, figures.numerator, figures.rate, figures.rate_low, figures.rate_high,
    figures.rate_if_unknown_missed, figures.unknown, figures.excluded,
    CASE WHEN NOT row_security_active('funnels'::regclass) OR sees_every_force() THEN counted.forces END AS forces,
    counted.pooled AS all_forces_rate, counted.phi, counted.overdispersed,
    counted.low_95 AS funnel_low_95, counted.high_95 AS funnel_high_95,
    counted.low_998 AS funnel_low_998, counted.high_998 AS funnel_high_998,
    CASE
        WHEN counted.pooled IS NULL THEN ''
        WHEN counted.rate < counted.low_998 THEN 'below_998'
        WHEN counted.rate > counted.high_998 THEN 'above_998'
        WHEN counted.rate < counted.low_95 THEN 'below_95'
        WHEN counted.rate > counted.high_95 THEN 'above_95'
        ELSE 'inside'
    END AS funnel,
    COALESCE(counted.place, '') AS place, COALESCE(counted.note, '') AS note
FROM current_verdicts AS figures
LEFT JOIN counted
    ON counted.standard = figures.standard AND counted.measure = figures.measure
    AND counted.period = figures.period AND counted.period_start = figures.period_start
    AND counted.unit = figures.force
WHERE figures.period IN ('month', 'rolling_12_months') AND figures.force <> 'all'
    AND figures.area = '' AND figures.neighbourhood = ''
    AND figures.denominator > 0 AND figures.numerator <= figures.denominator
