package query

import (
	"reflect"
	"testing"
)

func TestEmptyAndMultiple(t *testing.T) {
	t.Parallel()
	cases := []struct {
		sql   string
		count int
	}{
		{"", 0},
		{" ;\n; -- x\n /* y */", 0},
		{"select 1;", 1},
		{";select 1; -- done", 1},
		{"select ';'; select 2", 2},
		{"create function f() returns int begin atomic select case when true then 1 end; select 2; end; select 3", 2},
		{"create or replace procedure p() begin atomic insert into t values (1); end", 1},
		{"create function f() returns int as $$ select 1; select 2 $$ language sql", 1},
		{"create rule r as on insert to t do also (delete from a; delete from b)", 1},
		{"begin; select 1; end", 3},
	}
	for _, c := range cases {
		if got := Inspect(c.sql).Statements; got != c.count {
			t.Errorf("%q: %d statements, want %d", c.sql, got, c.count)
		}
		if Empty(c.sql) != (c.count == 0) || Multiple(c.sql) != (c.count > 1) {
			t.Errorf("%q: Empty %v, Multiple %v", c.sql, Empty(c.sql), Multiple(c.sql))
		}
	}
}

func TestFirstKeyword(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		" /* a /* b */ */ -- c\n ((select 1) union select 2)": "SELECT",
		"wItH x as (select 1) table x":                        "WITH",
		"; show all":                                          "SHOW",
		"'x'":                                                 "",
		"":                                                    "",
	} {
		if got := FirstKeyword(sql); got != want {
			t.Errorf("%q: %q, want %q", sql, got, want)
		}
	}
}

func TestTransactionControl(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string][]string{
		"begin":                                {"BEGIN"},
		"/* x */ START  TRANSACTION":           {"START TRANSACTION"},
		"start":                                nil,
		"end; abort":                           {"END", "ABORT"},
		"rollback work to savepoint a":         {"ROLLBACK TO"},
		"ROLLBACK TO a":                        {"ROLLBACK TO"},
		"rollback and chain":                   {"ROLLBACK"},
		"rollback prepared 'x'":                {"ROLLBACK"},
		"prepare transaction 'x'":              {"PREPARE TRANSACTION"},
		"prepare x as select 1":                nil,
		"savepoint a; select 1; release a":     {"SAVEPOINT", "RELEASE"},
		"select 'begin'":                       nil,
		"set transaction read only":            nil,
		"create function f() begin atomic end": nil,
		"do $$ begin commit; end $$":           nil,
	} {
		if got := TransactionControl(sql); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, want %v", sql, got, want)
		}
	}
	if !SavepointControl("ROLLBACK TO") || SavepointControl("ROLLBACK") {
		t.Error("SavepointControl")
	}
}

func TestCopyStdio(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]bool{
		"copy t from stdin":                          true,
		"COPY t (a, b) FROM STDIN with (format csv)": true,
		"copy (select 1 from stdin) to stdout":       true,
		"copy (select 1 from stdin) to '/tmp/x'":     false,
		"copy t from '/stdin'":                       false,
		"copy":                                       false,
		"select 1; copy t to stdout":                 true,
		"select 'copy t to stdout'":                  false,
	} {
		if got := CopyStdio(sql); got != want {
			t.Errorf("%q: %v", sql, got)
		}
	}
}

func TestPlainRead(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]bool{
		"select * from t where a = $1":                          true,
		"(select 1) union all (select 2)":                       true,
		"select count(*), lower(a) from t where b in (1, 2)":    true,
		"with x as (select 1) select * from x":                  true,
		"values (1), (2)":                                       true,
		"show all":                                              true,
		"table t":                                               true,
		"select a::numeric(10, 2) from t":                       true,
		"select 'into update'":                                  true,
		"select * into x from t":                                false,
		"select 1 from t for update":                            false,
		"select 1 from t for key share":                         false,
		"with x as (delete from t returning *) select * from x": false,
		"select nextval('s')":                                   false,
		"select pg_catalog.nextval('s')":                        false,
		"select app.lower('s')":                                 false,
		`select "lower"('s')`:                                   false,
		"select set_config('a', 'b', false)":                    false,
		"select lower /* x */ ('a'), my_function (1)":           false,
		"select 1; select 2":                                    false,
		"explain analyze delete from t":                         false,
		"insert into t values (1)":                              false,
		"":                                                      false,
	} {
		if got := PlainRead(sql); got != want {
			t.Errorf("%q: %v", sql, got)
		}
	}
}

func TestCacheable(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]bool{
		"select 1": true, "/* x */ insert into t default values": true, "merge into t": true, "with x as (select 1) select 1": true,
		"table t": true, "values (1)": true, "update t set a = 1": true, "delete from t": true,
		"create table t ()": false, "select 1; select 2": false, "set a = b": false, "": false,
	} {
		if got := Cacheable(sql); got != want {
			t.Errorf("%q: %v", sql, got)
		}
	}
}

func TestChangesSession(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]bool{
		"set a = b": true, "SET session a = b": true, "set role x": true, "reset all": true, "listen x": true, "prepare a as select 1": true,
		"declare c cursor with hold for select 1": true, "load 'x'": true, "do $$ $$": true, "call p()": true, "discard all": true,
		"select pg_advisory_lock(1)": true, `select "pg_try_advisory_lock_shared"(1)`: true, "select set_config('a', 'b', false)": true,
		"select 1; set a = b": true, "create table pg_temp.x ()": true, "create or replace temp view v as select 1": true, "create temp table x ()": true, "select 1 into temporary x": true,
		"set local a = b": false, "set transaction read only": false, "set constraints all deferred": false,
		"declare c cursor for select 1": false, "prepare transaction 'x'": false, "select pg_advisory_xact_lock(1)": false,
		"select 'set_config'": false, "select temp from readings": false, "update t set a = 1": false,
	} {
		if got := ChangesSession(sql); got != want {
			t.Errorf("%q: %v", sql, got)
		}
	}
}
