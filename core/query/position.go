package query

import (
	"fmt"
	"strings"

	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/wire"
)

// item names one element of an argument in messages.
func item(argument string, i int) string { return fmt.Sprintf("%s[%d]", argument, i) }

// placed keeps an error about a name together with the position of that name; what was refused is not repeated.
func (b *builder) placed(position string, err error) {
	if err == nil {
		return
	}
	reason, ok := RefusedFor(err)
	if !ok {
		b.keep(err)
		return
	}
	message := strings.TrimPrefix(pgerr.From(err).Message, "Invalid identifier: ")
	message = strings.TrimPrefix(message, "Invalid table name: ")
	b.keep(refuse(reason, "Invalid "+position+": "+message))
}

func (b *builder) tableAt(name string) {
	quoted, err := QuoteTable(name)
	b.placed("table name", err)
	b.write(quoted)
}

func (b *builder) nameAt(position, name string) {
	quoted, err := Quote(name)
	b.placed(position, err)
	b.write(quoted)
}

func (b *builder) columnAt(position, name string) {
	quoted, err := QuoteColumn(name)
	b.placed(position, err)
	b.write(quoted)
}

// columnsAt writes columns separated by commas.
func (b *builder) columnsAt(argument string, columns []string) {
	for i, column := range columns {
		if i > 0 {
			b.write(", ")
		}
		b.columnAt(item(argument, i), column)
	}
}

// orderAt writes ORDER BY for columns and aliases of the result.
func (b *builder) orderAt(argument, clause string, orders []Order) {
	for i, o := range orders {
		if i == 0 {
			b.write(clause)
		} else {
			b.write(", ")
		}
		b.columnAt(item(argument, i), o.Column)
		b.direction(o.Direction)
	}
}

// Raw is SQL text of the caller with its own $1….
type Raw struct {
	SQL  string
	Args []wire.Arg
}

// raw writes a text of the caller; what names it in errors.
func (b *builder) raw(what string, r Raw) {
	text, err := Fragment(r.SQL, len(r.Args), len(b.args))
	switch {
	case err != nil:
		b.keep(pgerr.Wrap(err, pgerr.Value, "%s: %s", what, pgerr.From(err).Message))
	case text == "":
		b.fail("%s: the SQL text is empty", what)
	}
	for _, arg := range r.Args {
		b.accept(arg)
	}
	b.write(text)
}
