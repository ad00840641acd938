"""A private PostgreSQL server for development and tests.

The server comes from the package of the ``embedded`` extra, else from this machine. It belongs to the process that
started it and stops with it, however that ends. Production uses a server of its own and a connection string.

```python
from ouroboros_postgres import local

with local.start() as server:
    print(server.dsn)
```
"""

from __future__ import annotations

from ouroboros_postgres.local._installation import Installation, find_installation
from ouroboros_postgres.local._server import Server, SettingValue, start
from ouroboros_postgres.local.errors import LocalServerError, ServerNotFoundError, ServerStartError

__all__ = [
    "Installation",
    "LocalServerError",
    "Server",
    "ServerNotFoundError",
    "ServerStartError",
    "SettingValue",
    "find_installation",
    "start",
]
