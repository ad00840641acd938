package query

// leading puts the columns of DISTINCT ON in front of ORDER BY, as the server demands; without any order it demands nothing.
func (b *builder) leading(distinct []element, orders []orderNode) []orderNode {
	if len(distinct) == 0 || len(orders) == 0 {
		return orders
	}
	missing := map[string]bool{}
	for _, e := range distinct {
		missing[b.textOf(e)] = true
	}
	kept := 0
	for kept < len(orders) && missing[b.textOf(orders[kept].element)] {
		delete(missing, b.textOf(orders[kept].element))
		kept++
	}
	if kept == len(orders) {
		return orders
	}
	result := append([]orderNode(nil), orders[:kept]...)
	for _, e := range distinct {
		if text := b.textOf(e); missing[text] {
			delete(missing, text)
			result = append(result, orderNode{element: e, direction: b.directionOf(text, orders)})
		}
	}
	return append(result, orders[kept:]...)
}

func (b *builder) directionOf(text string, orders []orderNode) string {
	for _, o := range orders {
		if b.textOf(o.element) == text {
			return o.direction
		}
	}
	return "asc"
}

// textOf is what an expression would be written as here.
func (b *builder) textOf(e element) string {
	text, args := b.text, b.args
	b.text = nil
	b.within(e.at, func() { e.write(b) })
	written := string(b.text)
	b.text, b.args = text, args
	return written
}
