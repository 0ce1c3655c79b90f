-- restatements: each figure that was changed after it had been published, the old one, the new one, and why.
CREATE VIEW restatements AS
SELECT
    standard, commitment, measure, force, area, neighbourhood, period, period_start,
    old_run_id, history.run_id AS new_run_id, runs.started_at AS restated_at, restated_why,
    old_verdict, verdict AS new_verdict,
    old_rate, rate AS new_rate,
    old_numerator, numerator AS new_numerator,
    old_denominator, denominator AS new_denominator,
    old_cases, cases AS new_cases,
    old_met, met AS new_met,
    old_missed, missed AS new_missed,
    old_pending, pending AS new_pending,
    old_unknown, unknown AS new_unknown,
    old_excluded, excluded AS new_excluded,
    old_timed, timed AS new_timed
FROM (
    SELECT
        verdicts.*,
        lag(run_id) OVER figure AS old_run_id,
        lag(verdict) OVER figure AS old_verdict,
        lag(rate) OVER figure AS old_rate,
        lag(numerator) OVER figure AS old_numerator,
        lag(denominator) OVER figure AS old_denominator,
        lag(cases) OVER figure AS old_cases,
        lag(met) OVER figure AS old_met,
        lag(missed) OVER figure AS old_missed,
        lag(pending) OVER figure AS old_pending,
        lag(unknown) OVER figure AS old_unknown,
        lag(excluded) OVER figure AS old_excluded,
        lag(timed) OVER figure AS old_timed
    FROM verdicts
    WINDOW figure AS (
        PARTITION BY standard, measure, force, area, neighbourhood, period, period_start
        ORDER BY run_number
    )
) AS history
JOIN runs ON runs.run_id = history.run_id
WHERE restated
