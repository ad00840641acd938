package query

import (
	"strconv"
	"strings"

	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/wire"
)

// builder collects SQL text and the arguments that it numbers. The first error stays; writes after it are harmless.
type builder struct {
	text strings.Builder
	args []wire.Arg
	err  error
}

func (b *builder) finish() (string, []wire.Arg, error) {
	if b.err == nil && len(b.args) > MaxParameters {
		b.fail("a statement can have %d parameters, not %d", MaxParameters, len(b.args))
	}
	if b.err != nil {
		return "", nil, b.err
	}
	return b.text.String(), b.args, nil
}

func (b *builder) write(parts ...string) {
	for _, part := range parts {
		b.text.WriteString(part)
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
	b.write("$", strconv.Itoa(len(b.args)))
}

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

func (b *builder) returning(columns []string) {
	if len(columns) > 0 {
		b.write(" RETURNING ")
		b.selected("", columns)
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

func (b *builder) order(prefix string, orders []Order) {
	for i, o := range orders {
		if i == 0 {
			b.write(" ORDER BY ")
		} else {
			b.write(", ")
		}
		b.write(prefix)
		b.name(o.Column)
		b.direction(o.Direction)
	}
}

// Page limits a result; nil is no limit.
type Page struct {
	Limit, Offset *int64
}

func (b *builder) page(p Page) {
	b.bound("limit", " LIMIT ", p.Limit)
	b.bound("offset", " OFFSET ", p.Offset)
}

func (b *builder) bound(name, clause string, n *int64) {
	if n == nil {
		return
	}
	if *n < 0 {
		b.fail("%s must not be negative", name)
	}
	b.write(clause)
	b.number(*n)
}

func (b *builder) number(n int64) {
	b.bind(wire.Arg{Kind: wire.Int, Text: strconv.FormatInt(n, 10)})
}
