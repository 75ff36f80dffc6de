"""The letters, steps and deadlines of access issues.

Revision ID: 0035
Revises: 0034
"""

import sqlalchemy as sa
from alembic import op

from curbstop.models.base import Json, UtcDateTime

revision: str = "0035"
down_revision: str | None = "0034"


def upgrade() -> None:
    op.add_column("access_issue", sa.Column("round", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("access_issue", sa.Column("due_on", sa.Date(), nullable=True))
    op.add_column("access_issue", sa.Column("stopped_on", sa.Date(), nullable=True))
    op.add_column("access_issue", sa.Column("confirmed_at", UtcDateTime(), nullable=True))
    op.add_column("access_issue", sa.Column("check_order_id", sa.Uuid(), nullable=True))
    with op.batch_alter_table("access_issue") as table:
        table.add_column(sa.Column("final_agreed_by_id", sa.Uuid(), nullable=True))
        table.create_foreign_key(
            op.f("fk_access_issue_final_agreed_by_id_staff"), "staff", ["final_agreed_by_id"], ["id"]
        )
    op.add_column("access_issue", sa.Column("proposal", Json, nullable=True))
    op.create_index("ix_access_issue_state_due_on", "access_issue", ["state", "due_on"])
    op.create_table(
        "access_notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("access_issue_id", sa.Uuid(), nullable=False),
        sa.Column("letter_id", sa.Uuid(), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("recipient", sa.String(length=10), nullable=False),
        sa.Column("respond_by", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        sa.Column("replaced", sa.Boolean(), nullable=False),
        sa.Column("out_of_turn", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["access_issue_id"], ["access_issue.id"], name=op.f("fk_access_notice_access_issue_id_access_issue")
        ),
        sa.ForeignKeyConstraint(["letter_id"], ["letter.id"], name=op.f("fk_access_notice_letter_id_letter")),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["access_notice.id"], name=op.f("fk_access_notice_replaces_id_access_notice")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_notice")),
        sa.UniqueConstraint("letter_id", name=op.f("uq_access_notice_letter_id")),
    )
    op.create_index(op.f("ix_access_notice_access_issue_id"), "access_notice", ["access_issue_id"])
    op.create_table(
        "access_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("access_issue_id", sa.Uuid(), nullable=False),
        sa.Column("event", sa.String(length=24), nullable=False),
        sa.Column("from_state", sa.String(length=20), nullable=True),
        sa.Column("to_state", sa.String(length=20), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("policy_number", sa.Integer(), nullable=False),
        sa.Column("facts", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["access_issue_id"], ["access_issue.id"], name=op.f("fk_access_step_access_issue_id_access_issue")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name=op.f("fk_access_step_by_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_step")),
    )
    op.create_index("ix_access_step_access_issue_id_at", "access_step", ["access_issue_id", "at"])


def downgrade() -> None:
    op.drop_table("access_step")
    op.drop_table("access_notice")
    op.drop_index("ix_access_issue_state_due_on", table_name="access_issue")
    with op.batch_alter_table("access_issue") as table:
        table.drop_constraint(op.f("fk_access_issue_final_agreed_by_id_staff"), type_="foreignkey")
        for name in (
            "proposal", "final_agreed_by_id", "check_order_id", "confirmed_at", "stopped_on", "due_on", "round",
        ):  # fmt: skip
            table.drop_column(name)
