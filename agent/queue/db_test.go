package queue_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"trackwalker/agent/queue"
)

// holdLock names the variable that makes this test binary open the database and hold it until its input ends.
const holdLock = "TRACKWALKER_TEST_HOLD"

func TestMain(m *testing.M) {
	if path := os.Getenv(holdLock); path != "" {
		os.Exit(hold(path))
	}
	goleak.VerifyTestMain(m)
}

func hold(path string) int {
	db, err := queue.Open(context.Background(), path, slog.New(slog.DiscardHandler))
	if err != nil {
		os.Stderr.WriteString(err.Error())
		return 1
	}
	os.Stdout.WriteString("open\n")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return 1
	}
	if err := db.Close(); err != nil {
		return 1
	}
	return 0
}

// logs keeps what is logged and shows it when the test fails.
func logs(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelInfo}))
}

func openAt(t *testing.T, path string) *queue.DB {
	t.Helper()
	db, err := queue.Open(t.Context(), path, logs(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func open(t *testing.T) *queue.DB {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "data", "trackwalker.db"))
}

func exe(t *testing.T, db *queue.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.Writer().ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatal(err)
	}
}

func TestOpenSetsTheDatabaseUp(t *testing.T) {
	// Characters that mean something in a URL are part of the path.
	db := openAt(t, filepath.Join(t.TempDir(), "da ta?a=b#c%20d", "trackwalker.db"))
	for pragma, want := range map[string]string{"journal_mode": "wal", "foreign_keys": "1", "busy_timeout": "10000", "synchronous": "1"} {
		var got string
		if err := db.Writer().QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %s, %v; want %s", pragma, got, err, want)
		}
	}
	if _, err := db.Reader().ExecContext(t.Context(), "CREATE TABLE x (y)"); err == nil {
		t.Error("a reader writes")
	}
	for _, name := range []string{db.Path(), db.Path() + "-wal"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %s", name, info.Mode())
		}
	}
}

func TestOpenAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trackwalker.db")
	for range 2 {
		db, err := queue.Open(t.Context(), path, logs(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOneAgentForAFolder(t *testing.T) {
	db := open(t)
	if _, err := queue.Open(t.Context(), db.Path(), logs(t)); !errors.Is(err, queue.ErrInUse) {
		t.Errorf("the same process again: %v", err)
	}
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), holdLock+"="+db.Path())
	out, err := child.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "another agent is using") {
		t.Errorf("another process: %v, %s", err, out)
	}
}

func TestTheLockDiesWithItsProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trackwalker.db")
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), holdLock+"="+path)
	if _, err := child.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 5)
	if _, err := io.ReadFull(stdout, line); err != nil {
		t.Fatal(err)
	}
	if _, err := queue.Open(t.Context(), path, logs(t)); !errors.Is(err, queue.ErrInUse) {
		t.Errorf("while it lives: %v", err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := child.Wait(); err == nil {
		t.Error("killed, and all is well?")
	}
	openAt(t, path)
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	tests := []struct {
		name    string
		want    error
		prepare func(t *testing.T, path string)
	}{
		{"no database", queue.ErrDamaged, func(t *testing.T, path string) {
			write(t, path, bytes.Repeat([]byte("not a database. "), 1000))
		}},
		{"damaged", queue.ErrDamaged, func(t *testing.T, path string) {
			db, err := queue.Open(t.Context(), path, logs(t))
			if err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for i := 100; i < len(data); i++ {
				data[i] ^= 0x5a
			}
			write(t, path, data)
		}},
		{"newer", queue.ErrNewer, func(t *testing.T, path string) {
			db, err := queue.Open(t.Context(), path, logs(t))
			if err != nil {
				t.Fatal(err)
			}
			exe(t, db, "INSERT INTO river_migration (line, version) VALUES ('main', 1000)")
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}},
		{"a folder", nil, func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "trackwalker.db")
			tt.prepare(t, path)
			db, err := queue.Open(t.Context(), path, logs(t))
			if err == nil {
				t.Fatal(errors.Join(errors.New("it opens"), db.Close()))
			}
			if tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			if !strings.Contains(err.Error(), path) {
				t.Errorf("the error %q does not name the file", err)
			}
			// The lock is free again.
			if _, again := queue.Open(t.Context(), path, logs(t)); errors.Is(again, queue.ErrInUse) {
				t.Errorf("opened again: %v", again)
			}
		})
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestWriteIsAllOrNothing(t *testing.T) {
	db := open(t)
	exe(t, db, "CREATE TABLE x (y TEXT)")
	broken := errors.New("broken")
	err := db.Write(t.Context(), func(tx queue.Tx) error {
		if _, err := tx.ExecContext(t.Context(), "INSERT INTO x VALUES ('a')"); err != nil {
			return err
		}
		return broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic is swallowed")
			}
		}()
		_ = db.Write(t.Context(), func(tx queue.Tx) error {
			if _, err := tx.ExecContext(t.Context(), "INSERT INTO x VALUES ('b')"); err != nil {
				return err
			}
			panic("out of it")
		})
	}()
	var n int
	if err := db.Reader().QueryRowContext(t.Context(), "SELECT count(*) FROM x").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows, %v; want none", n, err)
	}
}

func TestFullDisk(t *testing.T) {
	db := open(t)
	exe(t, db, "CREATE TABLE x (y BLOB)")
	exe(t, db, "PRAGMA max_page_count = 1") // as many as there are
	err := db.Write(t.Context(), func(tx queue.Tx) error {
		_, err := tx.ExecContext(t.Context(), "INSERT INTO x VALUES (zeroblob(1000000))")
		return err
	})
	if !errors.Is(err, queue.ErrFull) || !strings.Contains(err.Error(), "free some space") {
		t.Errorf("error %v", err)
	}
	err = db.Write(t.Context(), func(tx queue.Tx) error {
		_, err := tx.ExecContext(t.Context(), "UPDATE river_migration SET created_at = created_at")
		return err
	})
	if err != nil {
		t.Errorf("after it: %v", err)
	}
}

func TestReadOnlyDatabase(t *testing.T) {
	db := open(t)
	exe(t, db, "PRAGMA query_only = 1")
	err := db.Write(t.Context(), func(tx queue.Tx) error {
		_, err := tx.ExecContext(t.Context(), "CREATE TABLE x (y)")
		return err
	})
	if !errors.Is(err, queue.ErrReadOnly) {
		t.Errorf("error %v", err)
	}
}

func TestLockedByAnotherProgram(t *testing.T) {
	db := open(t)
	other, err := db.Reader().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{"PRAGMA query_only = 0", "BEGIN IMMEDIATE"} {
		if _, err := other.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	exe(t, db, "PRAGMA busy_timeout = 1")
	err = db.Write(t.Context(), func(queue.Tx) error { return nil })
	if !errors.Is(err, queue.ErrLocked) {
		t.Errorf("error %v", err)
	}
	for _, statement := range []string{"ROLLBACK", "PRAGMA query_only = 1"} {
		if _, err := other.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.Write(t.Context(), func(queue.Tx) error { return nil }); err != nil {
		t.Errorf("after it: %v", err)
	}
}
