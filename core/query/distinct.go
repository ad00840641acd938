package query

// leading puts the columns of DISTINCT ON in front of ORDER BY, as the server demands; without any order it demands nothing.
func leading(distinct []string, orders []Order) []Order {
	if len(distinct) == 0 || len(orders) == 0 {
		return orders
	}
	missing := map[string]bool{}
	for _, column := range distinct {
		missing[column] = true
	}
	kept := 0
	for kept < len(orders) && missing[orders[kept].Column] {
		delete(missing, orders[kept].Column)
		kept++
	}
	if kept == len(orders) {
		return orders
	}
	result := append([]Order(nil), orders[:kept]...)
	for _, column := range distinct {
		if missing[column] {
			delete(missing, column)
			result = append(result, Order{Column: column, Direction: directionOf(column, orders)})
		}
	}
	return append(result, orders[kept:]...)
}

func directionOf(column string, orders []Order) string {
	for _, o := range orders {
		if o.Column == column {
			return o.Direction
		}
	}
	return "asc"
}
