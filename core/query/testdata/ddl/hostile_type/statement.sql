error value: Unknown column type: text); DROP TABLE t; --
