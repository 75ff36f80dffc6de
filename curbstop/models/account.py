"""Customers and their accounts; balances belong to billing, which is another system."""

from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Versioned


class Customer(Versioned, Base):
    """A person or firm that takes water."""

    __tablename__ = "customer"

    number: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    phone: Mapped[str | None] = mapped_column(String(40))
    email: Mapped[str | None] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(5), default="en")
    # Address Confidentiality Program, G.S. 132-1.1(c): the name then never leaves the office.
    name_withheld: Mapped[bool] = mapped_column(default=False)
    source_key: Mapped[str | None] = mapped_column(String(120), unique=True)


class Account(Versioned, Base):
    """What a customer has at a service point; one is current there at a time, earlier ones stay."""

    __tablename__ = "account"

    number: Mapped[str] = mapped_column(String(20), unique=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"), index=True)
    service_point_id: Mapped[UUID] = mapped_column(ForeignKey("service_point.id"), index=True)
    status: Mapped[str] = mapped_column(String(20), default="active")
    service_class: Mapped[str] = mapped_column(String(20), default="residential")
    source_key: Mapped[str | None] = mapped_column(String(120), unique=True)
