"""The words of an explanation may go once `erased` names it; nothing else of it may change, and it cannot be deleted.

Revision 0014, after 0013. The record comes first, as in revision 0013; `pledge verify` holds what is left against it.
"""

from alembic import op

revision = "0014"
down_revision = "0013"

STAYS = (
    "breach_id", "recorded_at", "reason", "recorded_by", "explanation_id", "measure", '"force"', "area", "missed_on",
    "via",
)  # fmt: skip
# The key of `erased` is canonical JSON, in which moments are in UTC with microseconds.
MOMENT = "to_char(OLD.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"


def upgrade() -> None:
    named = "SELECT 1 FROM erased WHERE what = 'explanations' AND "
    if op.get_bind().dialect.name == "postgresql":
        same = " AND ".join(f"NEW.{column} IS NOT DISTINCT FROM OLD.{column}" for column in STAYS)
        op.execute(
            "CREATE FUNCTION refuse_unless_erased_explanations() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF TG_OP = 'UPDATE' AND NEW.text = '' AND {same} "
            f'AND EXISTS ({named}"key"::jsonb = jsonb_build_array(OLD.breach_id, {MOMENT})) '
            "THEN RETURN NEW; END IF; RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
        )
        _replace_postgresql("refuse_unless_erased_explanations")
        return
    same = " AND ".join(f"NEW.{column} IS OLD.{column}" for column in STAYS)
    is_erased = f'EXISTS ({named}"key" = json_array(OLD.breach_id, OLD.recorded_at))'
    _replace_sqlite(f"WHEN NOT (NEW.text = '' AND {same} AND {is_erased}) ")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _replace_postgresql("refuse_change")
        op.execute("DROP FUNCTION refuse_unless_erased_explanations()")
    else:
        _replace_sqlite("")


def _replace_postgresql(function: str) -> None:
    op.execute("DROP TRIGGER explanations_no_change ON explanations")
    op.execute(
        "CREATE TRIGGER explanations_no_change BEFORE UPDATE OR DELETE ON explanations "
        f"FOR EACH ROW EXECUTE FUNCTION {function}()"
    )


def _replace_sqlite(when: str) -> None:
    op.execute("DROP TRIGGER explanations_no_update")
    op.execute(
        f"CREATE TRIGGER explanations_no_update BEFORE UPDATE ON explanations {when}"
        "BEGIN SELECT RAISE(ABORT, 'explanations is append-only'); END"
    )
