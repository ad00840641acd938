error identifier: Invalid group_by[0]: Access to pg_class is not allowed
