package wire

// ArgKind is the Python kind of an argument.
type ArgKind uint8

const (
	Null ArgKind = iota
	Text
	Int
	Float
	Bool
	Numeric
	Bytes
	UUID
	Date
	Time
	TimeTZ
	Timestamp
	TimestampTZ
	Interval
	JSON
	List
	IP
	Network
	RangeKind
	Default // the keyword DEFAULT, in inserted rows only
)

// Arg is one parsed argument. Text is the PostgreSQL text of scalars; List and Range hold the parts of the others.
type Arg struct {
	Kind  ArgKind
	Text  string
	List  []Arg
	Range *RangeArg
}

// RangeArg is a range whose missing bounds are Null.
type RangeArg struct {
	Lower, Upper Arg
	Bounds       string
	Empty        bool
}
