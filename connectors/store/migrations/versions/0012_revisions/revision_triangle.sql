-- revision_triangle: every value a figure ever had, by how many days after its period's end it was said.
-- days_after_end: from the first day after the period to the day (UTC) the run judged from; negative while it was open.
CREATE VIEW revision_triangle AS
SELECT
    verdicts.standard, verdicts.commitment, verdicts.measure, verdicts.force, verdicts.area, verdicts.neighbourhood,
    verdicts.period, verdicts.period_start, $days_after_end AS days_after_end,
    verdicts.run_id, verdicts.run_number, runs.as_at, runs.finished_at,
    verdicts.cases, verdicts.numerator, verdicts.denominator, verdicts.unknown, verdicts.excluded,
    verdicts.rate, verdicts.verdict, verdicts.restated, verdicts.restated_why
FROM verdicts
JOIN runs ON runs.run_id = verdicts.run_id
