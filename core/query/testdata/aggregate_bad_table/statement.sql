error identifier: Invalid table name: Access to pg_catalog is not allowed
