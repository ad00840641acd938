package query

import (
	"strings"
	"testing"

	"ouroboros-postgres/core/wire"
)

// grammar is every word that the builder itself may write.
const grammar = ` WITH RECURSIVE AS SELECT DISTINCT ON FROM WHERE GROUP BY HAVING ORDER ASC DESC NULLS FIRST LAST LIMIT OFFSET
	COUNT SUM AVG MIN MAX ROW_NUMBER RANK NTILE LAG LEAD NTH_VALUE OVER PARTITION ROWS RANGE BETWEEN UNBOUNDED PRECEDING
	FOLLOWING CURRENT ROW AND OR NOT IN EXISTS IS NULL ANY ALL LIKE ILIKE UNION INTERSECT EXCEPT jsonb `

// FuzzAggregate puts the same texts into every position: what is built consists of the builder's own words, quoted names
// and placeholders, one argument for each, and no value.
func FuzzAggregate(f *testing.F) {
	f.Add("t", "amount", "sum", "gt", "desc nulls last", "x' OR 1=1 --", "lag", "union_all")
	f.Add("s.t", "s.t.c", "COUNT_DISTINCT", "not_in", "ASC", "$1", "ntile", "except")
	f.Add(`"a""b"`, `"c; --"`, "min", "json_contains", "asc", "\x00", "nth_value", "intersect_all")
	f.Add("t) SELECT", "c, (SELECT 1)", "sum(1), max", "= 1 OR", "desc, 1", "v", "rank() --", "union select 1 --")
	f.Fuzz(func(t *testing.T, table, column, function, operator, direction, value, window, operation string) {
		secret := "zq7x" + value
		if strings.Contains(table+column+function+operator+direction+window+operation, "zq7x") {
			return
		}
		arg, n := wire.Arg{Kind: wire.Text, Text: secret}, int64(3)
		raw := Raw{SQL: "SELECT $1", Args: []wire.Arg{arg}}
		built, err := Aggregate{
			CTEs: []CTE{{Name: column, Raw: raw}}, Table: table, GroupBy: []string{column},
			Aggregates:    []Aggregation{{Function: function, Column: column, Alias: "n1"}},
			Having:        []Having{{Function: function, Column: column, Operator: operator, Value: arg}},
			Filter:        []Condition{{Column: column, Operator: operator, Value: arg}},
			Subqueries:    []Subquery{{Type: operator, Column: column, Raw: raw}, {Type: "exists", Raw: raw}},
			Windows:       []Window{{Function: window, Column: column, Default: arg, Offset: &n, Partition: []string{column}, Alias: "n2"}},
			SetOperations: []SetOperation{{Operation: operation, Raw: raw}},
			Order:         []Order{{Column: column, Direction: direction}}, Page: Page{Limit: &n, Offset: &n},
		}.Build()
		if err == nil {
			inspectBuilt(t, built.SQL, len(built.Args))
		}
		built, err = Aggregate{
			Table: table, Aggregates: []Aggregation{{Function: function, Column: column, Alias: column}},
			Filter:     []Condition{{Column: column, Operator: operator, Value: arg}},
			DistinctOn: []string{column}, Order: []Order{{Column: column, Direction: direction}},
		}.Build()
		if err == nil {
			inspectBuilt(t, built.SQL, len(built.Args))
		}
	})
}

func inspectBuilt(t *testing.T, sql string, args int) {
	t.Helper()
	if strings.Contains(sql, "zq7x") {
		t.Fatalf("a value in %q", sql)
	}
	parameters := map[string]bool{}
	for _, token := range Tokenize(sql) {
		switch token.Kind {
		case Word:
			if !strings.Contains(strings.Join(strings.Fields(" "+grammar), " ")+" ", " "+token.Text+" ") && token.Text != "WITH" {
				t.Fatalf("%q in %q", token.Text, sql)
			}
		case Parameter:
			parameters[token.Text] = true
		case String, Comment:
			t.Fatalf("%q in %q", token.Text, sql)
		}
		if token.mark(";") {
			t.Fatal(sql)
		}
	}
	if len(parameters) != args {
		t.Fatalf("%d arguments for %q", args, sql)
	}
}
