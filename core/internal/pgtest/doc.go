// Package pgtest gives tests a real PostgreSQL: the server of TEST_DATABASE_URL, a schema of their own in it, and a
// proxy before it that stalls, refuses and drops connections.
package pgtest
