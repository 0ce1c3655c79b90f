-- comparison: the month of each force beside all forces together, with n and the limits of a funnel plot.
-- Limits: all-forces rate ± z · sqrt(rate · (1 − rate) / n), z = 1.959964 (95 %) and 3.090232 (99.8 %), cut to 0–1.
-- Binomial only: differences between forces beyond chance (overdispersion) are not allowed for.
CREATE VIEW comparison AS
WITH months AS (
    SELECT
        standard, commitment, measure, force, period_start, verdict, numerator, denominator, unknown, excluded,
        rate, rate_low, rate_high, rate_if_unknown_missed,
        CAST(sum(numerator) OVER everyone AS DOUBLE PRECISION) / sum(denominator) OVER everyone AS all_forces_rate,
        count(*) OVER everyone AS forces
    FROM current_verdicts
    WHERE period = 'month' AND force <> 'all' AND area = '' AND neighbourhood = ''
      AND denominator > 0 AND numerator <= denominator
    WINDOW everyone AS (PARTITION BY standard, measure, period_start)
), spread AS (
    SELECT months.*, sqrt(all_forces_rate * (1 - all_forces_rate) / denominator) AS standard_error
    FROM months
), limits AS (
    SELECT
        spread.*,
        all_forces_rate - 1.959963984540054 * standard_error AS low_95,
        all_forces_rate + 1.959963984540054 * standard_error AS high_95,
        all_forces_rate - 3.090232306167813 * standard_error AS low_998,
        all_forces_rate + 3.090232306167813 * standard_error AS high_998
    FROM spread
)
SELECT
    standard, commitment, measure, force, 'month' AS period, period_start, verdict,
    denominator AS n, numerator, rate, rate_low, rate_high, rate_if_unknown_missed, unknown, excluded,
    forces, all_forces_rate,
    CASE WHEN low_95 < 0 THEN 0 ELSE low_95 END AS funnel_low_95,
    CASE WHEN high_95 > 1 THEN 1 ELSE high_95 END AS funnel_high_95,
    CASE WHEN low_998 < 0 THEN 0 ELSE low_998 END AS funnel_low_998,
    CASE WHEN high_998 > 1 THEN 1 ELSE high_998 END AS funnel_high_998,
    CASE
        WHEN rate < low_998 THEN 'below_998'
        WHEN rate > high_998 THEN 'above_998'
        WHEN rate < low_95 THEN 'below_95'
        WHEN rate > high_95 THEN 'above_95'
        ELSE 'inside'
    END AS funnel
FROM limits
