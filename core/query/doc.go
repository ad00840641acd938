// Package query knows SQL text: it reads it (tokens, statements, placeholders), quotes identifiers, and builds the
// statements of structured requests. It does no I/O, and values never enter the text.
package query
