package query

import "testing"

// TestRead asks which selects have no effects: those without SQL text of the caller.
func TestRead(t *testing.T) {
	count, raw := []Aggregation{{Function: "count"}}, Raw{SQL: "SELECT 1"}
	for name, test := range map[string]struct {
		build func() (Query, error)
		want  bool
	}{
		"select":            {Select{Table: "t", Match: Match{Filter: []Condition{{Column: "a", Operator: "is_null"}}}}.Build, true},
		"select where":      {Select{Table: "t", Match: Match{Where: "f()"}}.Build, false},
		"count":             {Count{Table: "t"}.Build, true},
		"count where":       {Count{Table: "t", Match: Match{Where: "f()"}}.Build, false},
		"with":              {WithCTE{CTEs: []CTE{{"t", raw}}, Table: "t"}.Build, false},
		"with subquery":     {WithCTE{Table: "t", Subqueries: []Subquery{{Type: "exists", Raw: raw}}}.Build, false},
		"aggregate":         {Aggregate{Table: "t", Aggregates: count}.Build, true},
		"aggregate of sets": {Aggregate{Table: "t", Aggregates: count, SetOperations: []SetOperation{{"union", raw}}}.Build, false},
	} {
		q, err := test.build()
		if err != nil || q.Read != test.want {
			t.Errorf("%s: %v, %v", name, q, err)
		}
	}
}
