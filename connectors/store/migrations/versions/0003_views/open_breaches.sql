-- open_breaches: promises broken and not yet explained, acknowledged ones among them.
CREATE VIEW open_breaches AS
SELECT
    breach_id, standard, measure, force, area, neighbourhood, case_id, due_at, elapsed_seconds, severity, status,
    opened_run, closed_run
FROM breaches
WHERE status IN ('open', 'acknowledged')
