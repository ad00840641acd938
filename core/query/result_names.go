package query

// names lists the names of the result columns that are known before the statement is sent.
func (a Aggregate) names() []string {
	names := columnNames(a.GroupBy)
	ignored := &builder{}
	for _, aggregate := range a.Aggregates {
		_, name := ignored.aggregateCall("", "", aggregate.Function, aggregate.Column)
		if aggregate.Alias != "" {
			name = columnName(aggregate.Alias)
		}
		names = append(names, name)
	}
	for _, w := range a.Windows {
		names = append(names, columnName(w.Alias))
	}
	return names
}

func columnNames(columns []string) []string {
	names := make([]string, len(columns))
	for i, column := range columns {
		names[i] = columnName(column)
	}
	return names
}

// distinctNames refuses names that occur twice: a row is a dict and would lose one. "" is a name that is refused elsewhere.
func (b *builder) distinctNames(names []string) {
	if name, twice := Repeated(names); twice {
		b.fail("two result columns are called %s: give one of them another alias", name)
	}
}

// Repeated finds the first name that occurs twice.
func Repeated(names []string) (string, bool) {
	seen := make(map[string]bool, len(names))
	for _, name := range names {
		if seen[name] && name != "" {
			return name, true
		}
		seen[name] = true
	}
	return "", false
}
