// Package migrate runs migrations: files of SQL with a way up and a way down, applied in the order of their versions and
// recorded in a table of the database.
package migrate
