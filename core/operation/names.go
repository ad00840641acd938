package operation

import "ouroboros-postgres/core/query"

// names are those of a request that looks something up before its statement is built: bad ones are refused before that.
type names struct {
	tables  []string
	columns []string
}

// optional adds columns that a request may leave out.
func (n *names) optional(columns ...string) {
	for _, column := range columns {
		if column != "" {
			n.columns = append(n.columns, column)
		}
	}
}

func (n *names) check() error {
	for _, table := range n.tables {
		if _, err := query.QuoteTable(table); err != nil {
			return err
		}
	}
	for _, column := range n.columns {
		if _, err := query.Quote(column); err != nil {
			return err
		}
	}
	return nil
}
