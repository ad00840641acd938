package wire

import (
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"

	"ouroboros-postgres/core/pgerr"
)

// Result is one finished statement.
type Result struct {
	HasRows  bool   // the server described result columns
	Columns  []byte // the encoded "cols" array
	Rows     []byte // encoded rows, comma separated, without the brackets
	Count    int
	Affected int64
	Tag      string
}

// Append joins another result of the same columns, for chunked writes.
func (r *Result) Append(other *Result) {
	if len(r.Columns) == 0 {
		r.Columns = other.Columns
	}
	if len(r.Rows) > 0 && len(other.Rows) > 0 {
		r.Rows = append(r.Rows, ',')
	}
	r.Rows = append(r.Rows, other.Rows...)
	r.HasRows = r.HasRows || other.HasRows
	r.Count += other.Count
	r.Affected += other.Affected
	r.Tag = countTag(other.Tag, r.Affected)
}

// countTag replaces the row count at the end of a command tag.
func countTag(tag string, affected int64) string {
	start := len(tag)
	for start > 0 && isDigit(tag[start-1]) {
		start--
	}
	if start == len(tag) {
		return tag
	}
	return tag[:start] + strconv.FormatInt(affected, 10)
}

// AppendPayload appends the ROWS payload.
func (r *Result) AppendPayload(dst []byte) []byte {
	columns := r.Columns
	if len(columns) == 0 {
		columns = []byte("[]")
	}
	dst = append(append(dst, `{"cols":`...), columns...)
	dst = append(append(dst, `,"rows":[`...), r.Rows...)
	dst = append(dst, `],"tag":"`...)
	// A command tag is upper case words and numbers.
	dst = append(dst, r.Tag...)
	return append(dst, `"}`...)
}

// RowEncoder appends rows to one JSON buffer.
type RowEncoder struct {
	codecs  *codecs
	hasRows bool
	columns []column
	groups  []group
	folding *folding // nil: every row is one of its own
	header  []byte
	rows    []byte
	count   int
}

// column is one column of the server's description.
type column struct {
	name   string
	typ    *Type
	codec  codec
	decode decoder // the one of codec for the format in use
}

// NewRowEncoder prepares for the described columns; every OID must be known to types (unknown ones go as text).
func NewRowEncoder(fields []pgconn.FieldDescription, types Types, shape Shape) (*RowEncoder, error) {
	builder := &codecs{types: types}
	e := &RowEncoder{codecs: builder, hasRows: fields != nil, columns: make([]column, len(fields))}
	for i := range fields {
		c := &e.columns[i]
		c.name = fields[i].Name
		c.typ = builder.lookup(fields[i].DataTypeOID)
		c.codec = builder.codec(c.typ)
		if keep, ok := shape.Keep[c.name]; ok {
			var err error
			if c.codec, err = builder.keeping(c.typ, keep); err != nil {
				return nil, pgerr.From(err)
			}
		}
		c.decode = c.codec.preferred()
	}
	if err := e.nest(shape.Nests); err != nil {
		return nil, err
	}
	if shape.Fold {
		if err := e.fold(); err != nil {
			return nil, err
		}
	}
	if err := e.describe(); err != nil {
		return nil, err
	}
	return e, nil
}

// Formats is what to ask the server for, one format code per column.
func (e *RowEncoder) Formats() []int16 {
	formats := make([]int16, len(e.columns))
	for i := range e.columns {
		if e.columns[i].codec.binary != nil {
			formats[i] = 1
		}
	}
	return formats
}

// AcceptText switches to text values in every column (the simple protocol chooses no formats).
func (e *RowEncoder) AcceptText() {
	for i := range e.columns {
		e.columns[i].decode = e.columns[i].codec.text
	}
}

// Row appends one row; an unrepresentable value is a pgerr.Deserialization error naming column and type. After an error
// with an UnknownTypeError in it, the same row may be tried again when Learn has been told of the type.
func (e *RowEncoder) Row(values [][]byte) error {
	if len(values) != len(e.columns) {
		return pgerr.New(pgerr.Internal, "a row has %d values for %d columns", len(values), len(e.columns))
	}
	if e.folding != nil {
		return e.folding.row(e, values)
	}
	dst := e.rows
	if e.count > 0 {
		dst = append(dst, ',')
	}
	dst = append(dst, '[')
	for i := range e.groups {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = e.group(dst, &e.groups[i], values); err != nil {
			return err
		}
	}
	dst = append(dst, ']')
	e.rows = dst
	e.count++
	return nil
}

func (e *RowEncoder) group(dst []byte, g *group, values [][]byte) ([]byte, error) {
	if !g.nested {
		return e.values(dst, g, values)
	}
	if !g.there(values[g.marker]) {
		return append(dst, "null"...), nil
	}
	dst, err := e.values(append(dst, '['), g, values)
	return append(dst, ']'), err
}

func (e *RowEncoder) values(dst []byte, g *group, values [][]byte) (_ []byte, err error) {
	for i := g.start; i < g.end; i++ {
		if i > g.start {
			dst = append(dst, ',')
		}
		if values[i] == nil {
			dst = append(dst, "null"...)
			continue
		}
		c := &e.columns[i]
		if dst, err = c.decode(dst, values[i]); err != nil {
			return dst, c.fault(err)
		}
	}
	return dst, nil
}

func (c *column) fault(cause error) error {
	e := pgerr.Wrap(cause, pgerr.Deserialization, "column %q of type %s: %v; select the column as ::text to read it", c.name, c.typ.Name, cause)
	e.Column = c.name
	e.Datatype = c.typ.Name
	return e
}

// Result ends the encoding.
func (e *RowEncoder) Result(tag pgconn.CommandTag) *Result {
	if e.folding != nil {
		e.folding.end(e)
	}
	return &Result{
		HasRows: e.hasRows, Columns: e.header, Rows: e.rows, Count: e.count,
		Affected: tag.RowsAffected(), Tag: tag.String(),
	}
}
