package query

import (
	"slices"
	"strconv"
	"strings"

	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/wire"
)

// builder collects SQL text and the arguments that it numbers. The first error stays; writes after it are harmless.
type builder struct {
	text  []byte
	args  []wire.Arg
	first int // placeholders in front of those of args
	err   error

	sparing bool     // names are quoted only where they need it
	scope   *scope   // the select that is being written
	at      position // of the part that is being written
	foreign bool     // there is SQL text of the caller
	locks   bool
	amounts []amount // arguments that are numbers of rows

	hiding    []*sourceNode        // sources found to have the name of one that is needed inside their select
	shadowing map[*sourceNode]bool // those found before: they get other names
}

// amount is an argument that must be a number of rows; name is what messages call it.
type amount struct{ name, slot string }

func (b *builder) finish() (string, []wire.Arg, error) {
	if b.err == nil && b.last() > MaxParameters {
		b.fail("a statement can have %d parameters, not %d", MaxParameters, b.last())
	}
	if b.err != nil {
		return "", nil, b.err
	}
	return string(b.text), b.args, nil
}

func (b *builder) write(parts ...string) {
	for _, part := range parts {
		b.text = append(b.text, part...)
	}
}

func (b *builder) fail(format string, args ...any) { b.keep(pgerr.New(pgerr.Value, format, args...)) }

func (b *builder) keep(err error) {
	if b.err == nil {
		b.err = err
	}
}

func (b *builder) name(name string) {
	quoted, err := Quote(name)
	if err != nil {
		b.keep(err)
	}
	b.write(quoted)
}

func (b *builder) table(name string) {
	quoted, err := QuoteTable(name)
	if err != nil {
		b.keep(err)
	}
	b.write(quoted)
}

// bind numbers an argument and writes its placeholder.
func (b *builder) bind(arg wire.Arg) {
	b.accept(arg)
	b.write("$", strconv.Itoa(b.last()))
}

// bindOnce is bind for slots that may have a placeholder already: equal expressions have to have equal texts where GROUP BY
// compares them. Both places must want the same type.
func (b *builder) bindOnce(arg wire.Arg) {
	i := slices.IndexFunc(b.args, func(known wire.Arg) bool { return sameSlots(known, arg) })
	if i < 0 {
		b.bind(arg)
		return
	}
	b.write("$", strconv.Itoa(b.first+i+1))
}

func sameSlots(a, b wire.Arg) bool {
	if a.Kind != b.Kind || a.Kind != wire.Slot && a.Kind != wire.List {
		return false
	}
	return a.Text == b.Text && slices.EqualFunc(a.List, b.List, sameSlots)
}

// last is the number of the last placeholder so far.
func (b *builder) last() int { return b.first + len(b.args) }

func (b *builder) accept(arg wire.Arg) {
	if arg.Kind == wire.Default {
		b.fail("DEFAULT is only possible in inserted rows")
	}
	b.args = append(b.args, arg)
}

// names writes columns behind an optional table prefix, separated by commas.
func (b *builder) names(prefix string, columns []string) {
	for i, column := range columns {
		if i > 0 {
			b.write(", ")
		}
		b.write(prefix)
		b.name(column)
	}
}

// selected writes columns of a select list or of RETURNING, where "*" stands for all; no columns are all as well.
func (b *builder) selected(prefix string, columns []string) {
	if len(columns) == 0 {
		b.write(prefix, "*")
	}
	for i, column := range columns {
		if i > 0 {
			b.write(", ")
		}
		b.write(prefix)
		if column == "*" {
			b.write("*")
		} else {
			b.name(column)
		}
	}
}

// Order is one column of ORDER BY; Direction is asc or desc, perhaps with nulls first or nulls last, in any case.
type Order struct {
	Column    string
	Direction string
}

func direction(text string) (string, error) {
	switch words := strings.ToUpper(strings.Join(strings.Fields(text), " ")); words {
	case "ASC", "DESC", "ASC NULLS FIRST", "ASC NULLS LAST", "DESC NULLS FIRST", "DESC NULLS LAST":
		return words, nil
	}
	return "", pgerr.New(pgerr.Value, "Invalid sort direction: %s", text)
}

func (b *builder) direction(text string) {
	words, err := direction(text)
	if err != nil {
		b.keep(err)
	}
	b.write(" ", words)
}

// order writes ORDER BY for columns behind a prefix.
func (b *builder) order(prefix string, orders []Order) {
	b.orderBy(" ORDER BY ", nameOrders(prefix, orders))
}

// Page limits a result; nil is no limit.
type Page struct {
	Limit, Offset *int64
}

func (b *builder) page(p Page) { b.pageNode(p.node()) }
