"""A small shop whose rows fit into a head: what the tests of the contract's points ask."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ouroboros_postgres import BackReference, Column, Table, relationship

__all__ = ["SHOP", "Order", "User"]

SHOP = """
CREATE TABLE users (id int PRIMARY KEY, name text, age int, role text, tags text[], meta jsonb);
INSERT INTO users VALUES
    (1, 'Ada', 30, 'admin', '{a,b}', '{"k": 1, "role": "x"}'),
    (2, 'Ben', 25, 'user', '{b}', '{"it": "o''neil"}'),
    (3, 'Cy', NULL, 'user', NULL, NULL),
    (4, 'Dee', 30, NULL, '{}', '{}');
CREATE TABLE orders (id int PRIMARY KEY, user_id int, amount numeric, status text);
INSERT INTO orders VALUES (1, 1, 10, 'paid'), (2, 1, 20, 'open'), (3, 2, 5, 'paid'), (4, NULL, 7, 'open');
"""


class User(Table):
    id: int
    name: str | None
    age: int | None
    role: str | None
    tags: list[str] | None
    meta: dict[str, Any] | None
    orders = BackReference("orders", "user_id")

    class Settings:
        table_name = "users"


class Order(Table):
    id: int
    user_id: int | None = Column(foreign_key="users.id")
    amount: Decimal | None
    status: str | None
    user = relationship(User, "user_id")

    class Settings:
        table_name = "orders"
