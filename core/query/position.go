package query

import (
	"fmt"
	"strings"

	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/wire"
)

// position says in messages where a name or a value stands: kind tells what it is, argument and index which element it
// belongs to. Each but one of kind and argument may be empty.
type position struct {
	kind     string
	argument string
	index    int
}

func (p position) String() string {
	switch {
	case p.argument == "":
		return p.kind
	case p.kind == "":
		return p.element()
	}
	return p.kind + " in " + p.element()
}

// element names one element of an argument.
func (p position) element() string {
	if p.argument == "" {
		return p.kind
	}
	return fmt.Sprintf("%s[%d]", p.argument, p.index)
}

// as is the same place with another kind of thing there.
func (p position) as(kind string) position {
	p.kind = kind
	return p
}

// within writes one part, about which errors say where it stands.
func (b *builder) within(p position, write func()) {
	outer := b.at
	b.at = p
	write()
	b.at = outer
}

// placed keeps an error about a name together with the position of that name.
func (b *builder) placed(p position, err error) {
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
	b.keep(refuse(reason, "Invalid "+p.String()+": "+message))
}

// part writes one bare name, in quotes where they are needed.
func (b *builder) part(bare string) {
	if b.sparing {
		b.write(sparing(bare))
	} else {
		b.write(quoted(bare))
	}
}

func (b *builder) parts(bare []string) {
	for i, part := range bare {
		if i > 0 {
			b.write(".")
		}
		b.part(part)
	}
}

// nameAt writes a name of one part.
func (b *builder) nameAt(p position, name string) {
	bare, err := Bare(name)
	b.placed(p, err)
	b.part(bare)
}

// columnAt writes a column of up to three parts.
func (b *builder) columnAt(p position, name string) {
	parts, err := splitColumn(name)
	b.placed(p, err)
	b.parts(parts)
}

// Raw is SQL text of the caller with its own $1….
type Raw struct {
	SQL  string
	Args []wire.Arg
}

// raw writes a text of the caller.
func (b *builder) raw(r Raw) {
	b.foreign = true
	prefix := ""
	if b.at.argument != "" {
		prefix = b.at.element() + ": "
	}
	text, err := Fragment(r.SQL, len(r.Args), b.last())
	switch {
	case err != nil:
		b.keep(pgerr.Wrap(err, pgerr.Value, "%s%s", prefix, pgerr.From(err).Message))
	case text == "":
		b.fail("%sthe SQL text is empty", prefix)
	}
	for _, arg := range r.Args {
		b.accept(arg)
	}
	b.write(text)
}
