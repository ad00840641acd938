// Package operation is what a request can ask of a session: raw statements, CRUD, joined reads, cascading deletes,
// many-to-many tables and introspection. Each operation turns its request into statements of package query and runs them.
package operation
