-- current_verdicts: each figure as the newest run that wrote it says. A run writes a figure only when it changed.
CREATE VIEW current_verdicts AS
SELECT
    run_id, run_number, standard, commitment, measure, force, area, neighbourhood, period, period_start,
    cases, met, missed, pending, unknown, excluded, timed, numerator, denominator, excluded_by_reason, minimum_n,
    target, verdict, depends_on_unknown, outside_force_dates, p50_seconds, p90_seconds,
    signal, signal_rules, signal_why, assurance, trial, restated, restated_why,
    rate, rate_low, rate_high, rate_if_unknown_missed
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
