package operation

import (
	"context"
	"slices"

	"ouroboros-postgres/core/engine"
	"ouroboros-postgres/core/pgerr"
	"ouroboros-postgres/core/query"
	"ouroboros-postgres/core/wire"
)

// defaultBatch is how many rows one INSERT … VALUES takes unless the caller says otherwise.
const defaultBatch = 1000

// rowsRequest is what insert and upsert have in common.
type rowsRequest struct {
	header
	Table     string    `json:"table"`
	Columns   []string  `json:"columns"`
	Values    wire.Args `json:"values"` // by column
	Count     amount    `json:"count"`
	Many      bool      `json:"many"`
	BatchSize *amount   `json:"batch_size"`
}

type insertRequest struct {
	rowsRequest
	Known []string `json:"known"`
}

func (r *rowsRequest) batch(conflict *query.Conflict) (*batch, error) {
	b := &batch{size: defaultBatch, insert: query.Insert{Table: r.Table, Columns: r.Columns, Conflict: conflict}}
	if r.BatchSize != nil {
		if *r.BatchSize < 1 {
			return nil, pgerr.New(pgerr.Value, "batch_size must be at least 1")
		}
		b.size = int(*r.BatchSize)
	}
	if !r.Many && r.Count != 1 {
		return nil, pgerr.New(pgerr.Value, "one row is needed, or many")
	}
	b.count, b.values = int(r.Count), r.Values
	return b, r.checkValues()
}

// maxColumnless bounds the rows without columns, of which a statement takes one: nothing else in the request does.
const maxColumnless = 1 << 20

func (r *rowsRequest) checkValues() error {
	count, width := int(r.Count), len(r.Columns)
	if len(r.Values) != width {
		return pgerr.New(pgerr.Value, "values are given for %d columns, of %d", len(r.Values), width)
	}
	if count < 0 || width == 0 && count > maxColumnless {
		return pgerr.New(pgerr.Value, "count is out of range")
	}
	for k, column := range r.Values {
		if column.Kind != wire.List || len(column.List) != count {
			return pgerr.New(pgerr.Value, "column %s does not have the values of %d rows", r.Columns[k], count)
		}
	}
	return nil
}

func (r *rowsRequest) prefix(what string) string {
	if r.Many {
		return "Batch " + what + " failed"
	}
	return string(what[0]-'a'+'A') + what[1:] + " failed"
}

func insert(ctx context.Context, session engine.Session, r *insertRequest) (Reply, error) {
	b, err := r.batch(nil)
	if err != nil {
		return Reply{}, err
	}
	b.known = r.Known
	reply, err := rows(b.run(ctx, session))
	return reply, prefixed(err, r.prefix("insert"))
}

// batch is one atomic insert of any number of rows.
type batch struct {
	insert query.Insert // without rows
	values []wire.Arg   // by column
	count  int          // of the rows
	size   int
	known  []string // the columns that the caller need not be told of if they hold what was given
}

func (b *batch) run(ctx context.Context, session engine.Session) (*wire.Result, error) {
	if b.count == 0 {
		return &wire.Result{HasRows: true, Tag: "INSERT 0 0"}, b.check()
	}
	if b.count > 1 {
		if result, done, err := b.unnest(ctx, session); done || err != nil {
			return result, err
		}
	}
	chunks := b.chunks()
	if len(chunks) == 1 {
		return b.chunk(ctx, session, chunks[0])
	}
	var whole *wire.Result
	err := session.Atomic(ctx, func(session engine.Session) error {
		whole = &wire.Result{}
		for _, rows := range chunks {
			part, err := b.chunk(ctx, session, rows)
			if err != nil {
				return err
			}
			whole.Append(part)
		}
		return nil
	})
	return whole, err
}

// check refuses names that would be refused with rows.
func (b *batch) check() error {
	if _, err := query.QuoteTable(b.insert.Table); err != nil {
		return err
	}
	return nil
}

func (b *batch) chunk(ctx context.Context, session engine.Session, rows [][]wire.Arg) (*wire.Result, error) {
	part := b.insert
	part.Rows = rows
	sql, args, err := part.Build()
	return run(ctx, session, sql, args, err)
}

// chunks divides the rows so that no statement has more rows than asked for or more parameters than the protocol allows.
func (b *batch) chunks() [][][]wire.Arg {
	size := 1
	if width := len(b.insert.Columns); width > 0 {
		size = max(1, min(b.size, query.MaxParameters/width))
	}
	var chunks [][][]wire.Arg
	for rows := b.rows(); len(rows) > 0; {
		n := min(size, len(rows))
		chunks = append(chunks, rows[:n])
		rows = rows[n:]
	}
	return chunks
}

// unnest inserts all rows with one statement, if the types of the columns are known and every value has a place in an
// array of its column's type.
func (b *batch) unnest(ctx context.Context, session engine.Session) (*wire.Result, bool, error) {
	table, columns, err := b.columns(ctx, session)
	if columns == nil || err != nil {
		return nil, false, err
	}
	names := make([]string, len(columns))
	arrays := make([]*wire.Type, len(columns))
	for i, c := range columns {
		names[i] = query.Verbatim(c.Type.Schema) + "." + query.Verbatim(c.Type.Name)
		arrays[i] = &wire.Type{Class: wire.Array, Name: c.Type.Name + "[]", Elem: c.Type}
	}
	statement := b.insert
	statement.Returning = b.returning(table, columns)
	sql, args, err := statement.BuildUnnest(names, b.values)
	if err != nil {
		return nil, false, err
	}
	binding, err := wire.Bind(args, arrays)
	if err != nil || binding.Declare != nil {
		return nil, false, nil //nolint:nilerr // the other form names the value that does not fit
	}
	result, err := session.Query(ctx, engine.Statement{SQL: sql, Args: args, Insert: true})
	return result, true, err
}

// columns are those of the table, and of those the ones that get values: none when one is unknown or its values cannot be
// elements of an array.
func (b *batch) columns(ctx context.Context, session engine.Session) (table, given []engine.Column, err error) {
	if b.usesDefault() || len(b.insert.Columns) == 0 {
		return nil, nil, nil
	}
	schemaName, name, err := query.SplitTable(b.insert.Table)
	if err != nil {
		return nil, nil, err
	}
	table, err = session.Columns(ctx, schemaName, name)
	if err != nil {
		return nil, nil, err
	}
	given = make([]engine.Column, len(b.insert.Columns))
	for i, name := range b.insert.Columns {
		bare, err := query.Bare(name)
		if err != nil {
			return nil, nil, err
		}
		at := slices.IndexFunc(table, func(c engine.Column) bool { return c.Name == bare && isElement(c.Type) })
		if at < 0 {
			return nil, nil, nil
		}
		given[i] = table[at]
	}
	return table, given, nil
}

// isElement tells that arrays of the type are lists of its values.
func isElement(t *wire.Type) bool {
	for t != nil && t.Class == wire.Domain && t.Elem != nil {
		t = t.Elem
	}
	return t != nil && t.Class != wire.Array && t.Class != wire.Pseudo
}

// returning leaves out the known columns that hold for certain what they are given, but not all; none stand for all.
func (b *batch) returning(table, given []engine.Column) []string {
	kept := map[string]bool{}
	for i, name := range b.insert.Columns {
		if slices.Contains(b.known, name) && given[i].Verbatim && b.keeps(given[i].Type, i) {
			kept[given[i].Name] = true
		}
	}
	if len(kept) == 0 {
		return nil
	}
	var list []string
	for i, c := range table {
		if !kept[c.Name] || i == len(table)-1 && len(list) == 0 {
			list = append(list, c.Name)
		}
	}
	return list
}

func (b *batch) keeps(t *wire.Type, column int) bool {
	list := b.values[column].List
	for i := range list {
		if !t.Keeps(list[i]) {
			return false
		}
	}
	return true
}

func (b *batch) usesDefault() bool {
	for _, column := range b.values {
		for i := range column.List {
			if column.List[i].Kind == wire.Default {
				return true
			}
		}
	}
	return false
}

// rows are the values by row.
func (b *batch) rows() [][]wire.Arg {
	width := len(b.values)
	rows, cells := make([][]wire.Arg, b.count), make([]wire.Arg, b.count*width)
	for n := range rows {
		row := cells[n*width : (n+1)*width : (n+1)*width]
		for k := range row {
			row[k] = b.values[k].List[n]
		}
		rows[n] = row
	}
	return rows
}
