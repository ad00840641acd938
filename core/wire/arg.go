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
	Slot    // stands for the argument of the request with the number Text; only in statements that are not bound yet
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

// String is the name of the Python type, for messages.
func (k ArgKind) String() string {
	switch k {
	case Null:
		return "None"
	case Text:
		return "str"
	case Int:
		return "int"
	case Float:
		return "float"
	case Bool:
		return "bool"
	case Numeric:
		return "Decimal"
	case Bytes:
		return "bytes"
	case UUID:
		return "UUID"
	case Date:
		return "date"
	case Time, TimeTZ:
		return "time"
	case Timestamp, TimestampTZ:
		return "datetime"
	case Interval:
		return "timedelta"
	case JSON:
		return "dict"
	case List:
		return "list"
	case IP:
		return "IP address"
	case Network:
		return "IP network"
	case RangeKind:
		return "Range"
	case Slot:
		return "slot"
	default:
		return "DEFAULT"
	}
}
