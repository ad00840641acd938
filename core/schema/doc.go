// Package schema reads the catalogue: what tables, columns, indexes and foreign keys there are. Every question is one
// round trip; the server builds the JSON.
package schema
