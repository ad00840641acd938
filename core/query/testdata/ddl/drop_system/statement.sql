error identifier: Access to pg_catalog is not allowed
