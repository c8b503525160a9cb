package store

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/payload-tracker/payload-tracker/payload"
)

// Transient tells whether a write that failed with err may succeed when it is
// repeated unchanged: the database is away, restarts, is full, or chose this
// transaction to break a deadlock.
func Transient(err error) bool {
	if err == nil {
		return false
	}
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		// Not an answer of the database, so the way to it: a connection
		// refused or cut, a name not found, a time-out.
		return true
	}
	switch pgErr.Code[:2] {
	case "40", "08", "53", "57", "58", "55", "XX":
		return true
	}
	// No schema yet, no right yet, no partition yet: what an operator mends
	// while the consumer waits.
	switch pgErr.Code {
	case codeUndefinedTable, "42703", codeNoRight, "3D000", "28000", "28P01", codeReadOnly, codeIdle, codeNoPartition:
		return true
	}
	return false
}

// Hindrance says in a few words what keeps the database from storing a batch.
func Hindrance(err error) string {
	switch code := sqlState(err); {
	case code == codeDiskFull:
		return "the database's disk is full"
	case code == codeUndefinedTable:
		return "the database has no schema yet"
	case code == codeReadOnly:
		return "the database takes no writes: it is a standby, or was made read-only"
	case code == codeNoRight:
		return "the database's user lacks a right: migrate up grants them to DB_INGEST_ROLE"
	case !Transient(err):
		return "the database refuses a batch"
	}
	return "the database is away: " + reason(err)
}

const (
	codeDiskFull         = "53100"
	codeUndefinedTable   = "42P01"
	codeNoRight          = "42501"
	codeReadOnly         = "25006" // it is a standby, or was made read-only
	codeIdle             = "25P03" // its transaction was silent for too long
	codeNoPartition      = "23514"
	codeUniqueViolation  = "23505"
	codeDeadlock         = "40P01"
	codeLockNotAvailable = "55P03"
	codeQueryCanceled    = "57014"
)

// refusable tells whether the database refused a row for what it contains.
func refusable(err error) bool {
	code := sqlState(err)
	return len(code) == 5 && (code[:2] == "22" || code[:2] == "54" || (code[:2] == "23" && code != codeNoPartition))
}

func sqlState(err error) string {
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pgErr.Code
	}
	return ""
}

// translate turns what PostgreSQL and the network say into what a user may
// see; what is no such case stays as it is, with its operation, and counts as
// internal.
func translate(operation string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*payload.Error](err); ok {
		return err
	}
	code := sqlState(err)
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%s: %w", operation, err)
	case errors.Is(err, context.DeadlineExceeded), code == "57014":
		return payload.Errorf(payload.CodeTimeout, "the question took too long: ask for less of it, or again in a moment")
	case code == codeUndefinedTable:
		return payload.Errorf(payload.CodeUnavailable, "the database has no schema yet: run payload-tracker migrate up")
	case strings.HasPrefix(code, "08"), strings.HasPrefix(code, "53"), strings.HasPrefix(code, "57"), isNetwork(err):
		return payload.Errorf(payload.CodeUnavailable, "the database does not answer; try again in a moment")
	}
	return fmt.Errorf("%s: %w", operation, err)
}

func isNetwork(err error) bool {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) { // cut while it was asked
		return true
	}
	_, ok := errors.AsType[net.Error](err)
	return ok
}

// withoutDSN leaves the connection string out of an error of reading it: its
// password is masked there only where it is written plainly.
func withoutDSN(err error) error {
	said := err.Error()
	if at := strings.LastIndex(said, "`: "); at >= 0 {
		said = said[at+len("`: "):]
	}
	return errors.New(said)
}

// reason says in a few words why the database could not be asked, without
// its address or user.
func reason(err error) string {
	code := sqlState(err)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case code == "57P03":
		return "it is starting up"
	case code == "28P01":
		return "it refuses the password"
	case strings.HasPrefix(code, "28"):
		return "it does not let the user in: not known to it, not from here, or not without TLS"
	case code == "3D000":
		return "there is no such database"
	case code != "":
		return "SQLSTATE " + code
	}
	return noConnection(err)
}

// noConnection says in a few words why there is none.
func noConnection(err error) string {
	_, noName := errors.AsType[*net.DNSError](err)
	_, otherName := errors.AsType[x509.HostnameError](err)
	_, distrusted := errors.AsType[*tls.CertificateVerificationError](err)
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	switch {
	case noName:
		return "its name is not found"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nobody listens there"
	case otherName:
		return "its certificate is for another name"
	case distrusted, unknown:
		return "its certificate is not trusted"
	case strings.Contains(err.Error(), "server refused TLS connection"):
		return "it does not speak TLS"
	}
	return "no connection"
}
