"""Photos arrive in pieces, with a small picture ahead of them.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

from curbstop.models.base import UtcDateTime

revision: str = "0010"
down_revision: str | None = "0009"

MOMENT = UtcDateTime()
WAITING = sa.text("stored_at IS NULL")


def upgrade() -> None:
    with op.batch_alter_table("attachment") as table:
        # Empty for photos declared before: those are found by their tablet alone.
        table.add_column(sa.Column("staff_id", sa.Uuid(), nullable=True))
        table.create_foreign_key(op.f("fk_attachment_staff_id_staff"), "staff", ["staff_id"], ["id"])
    op.create_index(
        "ix_attachment_waiting", "attachment", ["tablet_id"], postgresql_where=WAITING, sqlite_where=WAITING
    )
    op.create_table(
        "upload",
        sa.Column("attachment_id", sa.Uuid(), nullable=False),
        sa.Column("client_metadata", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("attachment_id", name=op.f("pk_upload")),
        sa.ForeignKeyConstraint(["attachment_id"], ["attachment.id"], name=op.f("fk_upload_attachment_id_attachment")),
    )
    op.create_index("ix_upload_expires_at", "upload", ["expires_at"])
    op.create_table(
        "thumbnail",
        sa.Column("attachment_id", sa.Uuid(), nullable=False),
        sa.Column("media_type", sa.String(60), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("made_by", sa.String(10), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("attachment_id", name=op.f("pk_thumbnail")),
        sa.ForeignKeyConstraint(
            ["attachment_id"], ["attachment.id"], name=op.f("fk_thumbnail_attachment_id_attachment")
        ),
    )


def downgrade() -> None:
    op.drop_table("thumbnail")
    op.drop_table("upload")
    op.drop_index("ix_attachment_waiting", table_name="attachment")
    with op.batch_alter_table("attachment") as table:
        table.drop_constraint(op.f("fk_attachment_staff_id_staff"), type_="foreignkey")
        table.drop_column("staff_id")
