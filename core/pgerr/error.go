package pgerr

import (
	"errors"
	"fmt"
)

// Kind says who found the fault. The values are part of the payload contract (docs/reference/payloads.md).
type Kind string

const (
	Database          Kind = "database"
	Connection        Kind = "connection"
	Authentication    Kind = "authentication"
	NotConnected      Kind = "not_connected"
	PoolTimeout       Kind = "pool_timeout"
	Query             Kind = "query"
	Data              Kind = "data"
	Deserialization   Kind = "deserialization"
	Identifier        Kind = "identifier"
	Transaction       Kind = "transaction"
	TransactionClosed Kind = "transaction_closed"
	ForeignKey        Kind = "foreign_key"
	TableMissing      Kind = "table_missing"
	Migration         Kind = "migration"
	Value             Kind = "value"
	Type              Kind = "type"
	Internal          Kind = "internal"
)

// Error carries everything that a caller may want to branch on. Parameter values and connection strings never enter it.
type Error struct {
	Kind       Kind   `json:"kind"`
	Prefix     string `json:"prefix,omitempty"`
	Message    string `json:"message"`
	SQLState   string `json:"sqlstate,omitempty"`
	Severity   string `json:"severity,omitempty"`
	Detail     string `json:"detail,omitempty"`
	Hint       string `json:"hint,omitempty"`
	Schema     string `json:"schema,omitempty"`
	Table      string `json:"table,omitempty"`
	Column     string `json:"column,omitempty"`
	Constraint string `json:"constraint,omitempty"`
	Datatype   string `json:"datatype,omitempty"`
	Position   int32  `json:"position,omitempty"`
	Query      string `json:"query,omitempty"`
	Retryable  bool   `json:"retryable,omitempty"`
	InDoubt    bool   `json:"in_doubt,omitempty"`

	cause error
}

// New makes an error found on this side of the connection.
func New(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// Wrap is New with a cause for errors.Is and errors.As.
func Wrap(cause error, kind Kind, format string, args ...any) *Error {
	e := New(kind, format, args...)
	e.cause = cause
	return e
}

func (e *Error) Error() string {
	text := e.Message
	if e.Prefix != "" {
		text = e.Prefix + ": " + text
	}
	if e.SQLState != "" {
		text += " (SQLSTATE " + e.SQLState + ")"
	}
	return text
}

func (e *Error) Unwrap() error { return e.cause }

// WithPrefix names the operation that failed, unless an inner operation has done so. Errors of another type are bugs.
func WithPrefix(err error, prefix string) error {
	if err == nil {
		return nil
	}
	e := *From(err)
	if e.Prefix == "" {
		e.Prefix = prefix
	}
	return &e
}

// From finds the Error in a chain; anything else is an internal error.
func From(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return Wrap(err, Internal, "%v", err)
}
