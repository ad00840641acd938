package wire

import "github.com/jackc/pgx/v5/pgconn"

// Result is one finished statement.
type Result struct {
	HasRows  bool   // the server described result columns
	Columns  []byte // the encoded "cols" array
	Rows     []byte // encoded rows, comma separated, without the brackets
	Count    int
	Affected int64
	Tag      string
}

// Shape folds the columns of a joined read: see Nest and Keep.
type Shape struct {
	Nests []Nest
	Keep  map[string][]string // array-of-composite columns reduced to these fields, in this order
}

// Nest turns the columns that follow the boolean column Marker, up to the next marker or the end, into one composite
// column Name, which is NULL where the marker is not true. The marker itself is dropped.
type Nest struct {
	Marker string
	Name   string
}

// RowEncoder appends rows to one JSON buffer.
type RowEncoder struct{}

// NewRowEncoder prepares for the described columns; every OID must be known to types (unknown ones go as text).
func NewRowEncoder(fields []pgconn.FieldDescription, types Types, shape Shape) (*RowEncoder, error) {
	return nil, nil
}

// Formats is what to ask the server for, one format code per column.
func (e *RowEncoder) Formats() []int16 { return nil }

// AcceptText switches to text values in every column (the simple protocol chooses no formats).
func (e *RowEncoder) AcceptText() {}

// Row appends one row; an unrepresentable value is a pgerr.Deserialization error naming column and type.
func (e *RowEncoder) Row(values [][]byte) error { return nil }

// Result ends the encoding.
func (e *RowEncoder) Result(tag pgconn.CommandTag) *Result { return nil }

// Append joins another result of the same columns, for chunked writes.
func (r *Result) Append(other *Result) {}

// AppendPayload appends the ROWS payload.
func (r *Result) AppendPayload(dst []byte) []byte { return dst }
