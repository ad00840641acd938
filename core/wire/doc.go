// Package wire knows the JSON shapes that cross the C ABI and the values inside them: arguments on their way to the server
// as PostgreSQL text, results on their way to Python as append-encoded JSON. It does no I/O.
package wire
