package queue

import (
	"errors"
	"slices"
)

// What can be wrong with the database. Each text says what a person can do.
var (
	ErrInUse    = errors.New("another agent is using the data folder: stop it first, or give this one another folder as `data` in agent.yaml")
	ErrNewer    = errors.New("a newer trackwalker wrote this database: run that version, or restore a backup from before the upgrade")
	ErrDamaged  = errors.New("the file is damaged or no database: restore a backup, or move it away to start with an empty one")
	ErrFull     = errors.New("the disk is full: free some space, or lower `retention` in agent.yaml")
	ErrReadOnly = errors.New("the data folder cannot be written: give it to the agent's user, or name another as `data` in agent.yaml")
	ErrLocked   = errors.New("the database is locked by another program: close what has it open, as a database browser or a copy")
)

// isOurs reports whether err already says what to do.
func isOurs(err error) bool {
	return slices.ContainsFunc([]error{ErrInUse, ErrNewer, ErrDamaged, ErrFull, ErrReadOnly, ErrLocked}, func(known error) bool {
		return errors.Is(err, known)
	})
}

// Explain gives an error that came from the database or its disk the sentinel, of this package's, that says what to do about
// it; any other error is returned as it is.
func Explain(err error) error { return explain(err) }
