package query

import (
	"encoding/json"
	"strconv"

	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/wire"
)

// Compiled is a statement whose arguments are not known yet.
type Compiled struct {
	SQL        string
	Parameters []Placeholder // what $1, $2, … stand for
	Read       bool          // a select without effects, as far as no text of a caller is involved
	Rows       bool          // it answers with rows
	// Repeated is the name of two columns of the result, "" where none is known to occur twice. Unsure tells that names are
	// not known, so that two may turn out to be the same.
	Repeated string
	Unsure   bool
	Shape    wire.Shape // of the rows

	amounts []amount
}

// Placeholder is the number of an argument, or a list of such that is bound as one array. The zero value with Null is NULL.
type Placeholder struct {
	Argument int
	List     []Placeholder // not nil: instead of Argument
	Null     bool
}

// MarshalJSON implements json.Marshaler.
func (p Placeholder) MarshalJSON() ([]byte, error) {
	switch {
	case p.Null:
		return []byte("null"), nil
	case p.List != nil:
		return json.Marshal(p.List)
	}
	return strconv.AppendInt(nil, int64(p.Argument), 10), nil
}

// Compile reads the tree of a statement and writes its SQL text. The number of the first placeholder is 1 in a statement
// that is to be run.
func Compile(tree string, first int) (*Compiled, error) {
	r := treeReader{wire.NewReader(tree)}
	b := &builder{sparing: true, first: first - 1}
	compiled := &Compiled{}
	var write func(b *builder)
	r.kind("a statement", func(key string) bool {
		switch key {
		case "select":
			n := r.selectNode()
			compiled.Read, compiled.Rows = true, true
			write = func(b *builder) {
				n.writeQuery(b)
				compiled.Repeated, _ = Repeated(n.names())
				compiled.Unsure = n.unsure()
				compiled.Shape = n.shape(b)
			}
		case "update", "delete":
			n := r.modify(key == "update")
			compiled.Rows = len(n.returning) > 0
			write = n.write
		default:
			return false
		}
		return true
	})
	return compiled.finish(r, b, write)
}

// CompileExpression writes an expression on its own; its placeholders begin with first.
func CompileExpression(tree string, first int) (*Compiled, error) {
	r := treeReader{wire.NewReader(tree)}
	e := r.need("the expression")
	b := &builder{sparing: true, first: first - 1, at: position{kind: "filter"}}
	return new(Compiled).finish(r, b, func(b *builder) { e.write(b) })
}

// CompileWhere writes the conditions of a select, without WHERE.
func CompileWhere(tree string, first int) (*Compiled, error) {
	r := treeReader{wire.NewReader(tree)}
	n := r.selectNode()
	b := &builder{sparing: true, first: first - 1}
	return new(Compiled).finish(r, b, func(b *builder) {
		b.enter(b.open(n.sources(), n.qualified), func() { b.conjunction("", n.where) })
	})
}

// finish ends reading and writes.
func (c *Compiled) finish(r treeReader, b *builder, write func(*builder)) (*Compiled, error) {
	if err := r.End(); err != nil {
		return nil, err
	}
	if b.first < 0 {
		return nil, pgerr.New(pgerr.Value, "first must be at least 1")
	}
	b = written(b, write)
	sql, args, err := b.finish()
	if err != nil {
		return nil, err
	}
	c.SQL, c.amounts = sql, b.amounts
	c.Read = c.Read && !b.foreign && !b.locks
	c.Parameters = make([]Placeholder, len(args))
	for i, arg := range args {
		if c.Parameters[i], err = parameter(arg); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// written writes, once more for each time that a source turns out to need another name.
func written(empty *builder, write func(*builder)) *builder {
	for {
		b := *empty
		write(&b)
		if b.err != nil || !empty.rename(b.hiding) {
			return &b
		}
	}
}

// rename has sources get other names from now on, and tells whether that is news.
func (b *builder) rename(sources []*sourceNode) bool {
	before := len(b.shadowing)
	for _, source := range sources {
		if b.shadowing == nil {
			b.shadowing = map[*sourceNode]bool{}
		}
		b.shadowing[source] = true
	}
	return len(b.shadowing) > before
}

func parameter(arg wire.Arg) (Placeholder, error) {
	switch arg.Kind {
	case wire.Null:
		return Placeholder{Null: true}, nil
	case wire.List:
		list := make([]Placeholder, len(arg.List))
		for i, item := range arg.List {
			p, err := parameter(item)
			if err != nil {
				return Placeholder{}, err
			}
			list[i] = p
		}
		return Placeholder{List: list}, nil
	}
	n, err := strconv.Atoi(arg.Text)
	if err != nil {
		return Placeholder{}, pgerr.Wrap(err, pgerr.Internal, "a slot has no number")
	}
	return Placeholder{Argument: n}, nil
}

// Bind puts the arguments of a request in the place of the slots.
func (c *Compiled) Bind(given []wire.Arg) ([]wire.Arg, error) {
	for _, a := range c.amounts {
		if err := a.check(given); err != nil {
			return nil, err
		}
	}
	args := make([]wire.Arg, len(c.Parameters))
	for i := range c.Parameters {
		if err := c.Parameters[i].bind(given, &args[i]); err != nil {
			return nil, err
		}
	}
	return args, nil
}

func (p *Placeholder) bind(given []wire.Arg, arg *wire.Arg) error {
	switch {
	case p.Null:
		return nil
	case p.List != nil:
		list := make([]wire.Arg, len(p.List))
		for i := range p.List {
			if err := p.List[i].bind(given, &list[i]); err != nil {
				return err
			}
		}
		*arg = wire.Arg{Kind: wire.List, List: list}
		return nil
	case p.Argument >= len(given):
		return missingArgument(p.Argument)
	case given[p.Argument].Kind == wire.Null:
		return pgerr.New(pgerr.Value, "argument %d is None, which belongs into the statement", p.Argument)
	}
	*arg = given[p.Argument]
	return nil
}

func missingArgument(n int) error {
	return pgerr.New(pgerr.Value, "slot %d has no argument", n)
}

func (a amount) check(given []wire.Arg) error {
	n, err := strconv.Atoi(a.slot)
	switch {
	case err != nil || n >= len(given):
		return missingArgument(n)
	case given[n].Kind != wire.Int:
		return pgerr.New(pgerr.Type, "%s must be an int, not %s", a.name, given[n].Kind)
	case given[n].Text[0] == '-' && given[n].Text != "-0":
		return pgerr.New(pgerr.Value, "%s must not be negative", a.name)
	}
	return nil
}
