package bridge

// Status is what every function of the C ABI returns; the values are those of the header.
type Status int32

const (
	OK Status = iota
	BadHandle
	WrongKind
	BadRequest
	Closed
	Timeout
	NoMemory
	Panic
	Duplicate
	TooLarge
)

// MaxRequest is the longest request in bytes.
const MaxRequest = 1 << 30
