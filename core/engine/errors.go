package engine

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"ouroboros-postgres/core/pgerr"
)

// SQLSTATEs that the engine itself acts on (PostgreSQL documentation, appendix A).
const (
	stateQueryCanceled       = "57014"
	stateAdminShutdown       = "57P01"
	stateCrashShutdown       = "57P02"
	stateCannotConnectNow    = "57P03"
	stateTooManyConnections  = "53300"
	stateFeatureNotSupported = "0A000"
	stateInvalidStatement    = "26000"
	stateInFailedTransaction = "25P02"
	stateCompletionUnknown   = "40003"
	stateLockNotAvailable    = "55P03"
)

func sqlState(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	var own *pgerr.Error
	if errors.As(err, &own) {
		return own.SQLState
	}
	return ""
}

// connectionState tells the SQLSTATEs that mean "this connection is or will be gone".
func connectionState(state string) bool {
	switch state {
	case stateAdminShutdown, stateCrashShutdown, stateCannotConnectNow, stateTooManyConnections:
		return true
	}
	return strings.HasPrefix(state, "08")
}

func fromServer(cause error, pg *pgconn.PgError) *pgerr.Error {
	e := pgerr.Wrap(cause, pgerr.Database, "%s", pg.Message)
	e.SQLState, e.Severity, e.Detail, e.Hint = pg.Code, pg.SeverityUnlocalized, pg.Detail, pg.Hint
	e.Schema, e.Table, e.Column = pg.SchemaName, pg.TableName, pg.ColumnName
	e.Constraint, e.Datatype, e.Position = pg.ConstraintName, pg.DataTypeName, pg.Position
	if e.Column == "" && strings.HasPrefix(pg.Code, "23") {
		e.Column = keyColumns(pg.Detail)
	}
	switch {
	case pg.Code == stateCompletionUnknown:
		e.InDoubt = true
	case strings.HasPrefix(pg.Code, "40"), pg.Code == stateLockNotAvailable:
		e.Retryable = true
	}
	return e
}

// keyColumns reads the columns of a violated key, which the server names in the detail only: "Key (a, b)=(1, 2) …". The
// words around the parentheses depend on the server's language, the parentheses do not.
func keyColumns(detail string) string {
	start, end := strings.IndexByte(detail, '('), strings.Index(detail, ")=(")
	if start < 0 || end < start {
		return ""
	}
	return detail[start+1 : end]
}

// translate turns what the driver reports for a statement into the core's error. sent says whether the server may have
// run it.
func translate(err error, s Statement) *pgerr.Error {
	var own *pgerr.Error
	if errors.As(err, &own) {
		return own
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		e := fromServer(err, pg)
		if connectionState(pg.Code) {
			e.Retryable, e.InDoubt = s.Read, !s.Read
		}
		return e
	}
	if errors.Is(err, context.Canceled) {
		return pgerr.Wrap(err, pgerr.Query, "the operation was cancelled")
	}
	e := pgerr.Wrap(err, pgerr.Connection, "the connection was lost: %s", plain(err))
	e.Retryable = s.Read || pgconn.SafeToRetry(err)
	e.InDoubt = !e.Retryable
	return e
}

// fromConnect classifies a failed attempt to connect; the text names host and cause, never the URI.
func fromConnect(err error) *pgerr.Error {
	var own *pgerr.Error
	if errors.As(err, &own) {
		return own
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		e := fromServer(err, pg)
		e.Retryable = connectionState(pg.Code)
		return e
	}
	e := pgerr.Wrap(err, pgerr.Connection, "%s", plain(err))
	e.Retryable = !verificationFailed(err)
	return e
}

func verificationFailed(err error) bool {
	var (
		verification *tls.CertificateVerificationError
		authority    x509.UnknownAuthorityError
		hostname     x509.HostnameError
		invalid      x509.CertificateInvalidError
	)
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &hostname) ||
		errors.As(err, &invalid) || strings.Contains(err.Error(), "server refused TLS connection")
}

// plain is a driver message on one line.
func plain(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}
