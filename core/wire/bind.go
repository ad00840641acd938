package wire

// Binding is the outcome of matching arguments with the parameter types that the server inferred.
type Binding struct {
	// Values are the texts to send, nil for NULL; valid when Declare is nil.
	Values [][]byte
	// Declare, when not nil, asks for a new preparation with these parameter types (0: let the server infer).
	Declare []uint32
}

// Bind matches arguments with parameter types (spec: values, "which type is sent").
func Bind(args []Arg, params []*Type) (Binding, error) { return Binding{}, nil }

// Natural is the type of each argument on its own, for statements whose parameters the server cannot infer.
func Natural(args []Arg) []uint32 { return nil }

// ParseArgs reads a JSON list of arguments (docs/reference/payloads.md).
func ParseArgs(raw []byte) ([]Arg, error) { return nil, nil }
