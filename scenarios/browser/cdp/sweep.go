package cdp

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	folderPrefix = "browser-"     // of the folders of browser processes in Config.ProfileDir
	recordName   = "process.json" // in each folder; locked as long as the agent that made it lives
	lockName     = "lock"         // in Config.ProfileDir; held while folders are made or swept
)

// record says whose a folder is. That its agent lives is told by the lock that it holds on this file, which the kernel
// drops with the agent, and which holds across containers; the agent's process is only written down for people.
type record struct {
	Agent        int    `json:"agent_pid"`
	AgentStarted uint64 `json:"agent_started"`
	Browser      int    `json:"browser_pid"`     // also its process group; 0 until it started
	Started      uint64 `json:"browser_started"` // in clock ticks after boot
}

// folder is the folder of one browser process: its profile, its home, its temporary files.
type folder struct {
	path   string
	record *os.File // locked
}

// newFolder makes a folder in dir, and dir itself.
func newFolder(dir string) (*folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	unlock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	path, err := os.MkdirTemp(dir, folderPrefix)
	if err != nil {
		return nil, err
	}
	f := &folder{path: path}
	if err := f.init(); err != nil {
		return nil, errors.Join(err, f.remove())
	}
	return f, nil
}

func (f *folder) init() error {
	for _, d := range []string{f.profile(), f.home(), f.temp()} {
		if err := os.Mkdir(d, 0o700); err != nil {
			return err
		}
	}
	var err error
	if f.record, err = os.OpenFile(filepath.Join(f.path, recordName), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return err
	}
	if err := syscall.Flock(int(f.record.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("locking %s: %w", f.record.Name(), err)
	}
	_, err = f.write(0)
	return err
}

func (f *folder) profile() string { return filepath.Join(f.path, "profile") }
func (f *folder) home() string    { return filepath.Join(f.path, "home") }
func (f *folder) temp() string    { return filepath.Join(f.path, "tmp") }

// write records the browser's process, 0 for none yet.
func (f *folder) write(browser int) (record, error) {
	r := record{Agent: os.Getpid(), Browser: browser}
	if p, err := readProc(r.Agent); err == nil {
		r.AgentStarted = p.started
	}
	if browser != 0 {
		if p, err := readProc(browser); err == nil {
			r.Started = p.started
		}
	}
	b, err := json.Marshal(r)
	if err != nil {
		return r, err
	}
	if _, err := f.record.WriteAt(b, 0); err != nil {
		return r, err
	}
	return r, f.record.Truncate(int64(len(b)))
}

// remove deletes the folder. A process that is just ending can still write to it, so it tries for a while.
func (f *folder) remove() error {
	if f.record != nil {
		defer func() { _ = f.record.Close() }()
	}
	return removeAll(f.path, 3*time.Second)
}

func removeAll(path string, limit time.Duration) error {
	deadline := time.Now().Add(limit)
	for {
		err := os.RemoveAll(path)
		if err == nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// lockDir takes the lock of a profile folder, so that no sweep meets a folder half made.
func lockDir(dir string) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("locking %s: %w", f.Name(), err)
	}
	return func() { _ = f.Close() }, nil
}

// Sweep ends the browsers that a killed agent left behind and removes their folders from profileDir. Folders of agents
// that live are not touched, and neither is a process that merely has the number of a browser that is gone. Call it when
// the agent starts.
func Sweep(profileDir string, log *slog.Logger) error {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	entries, err := os.ReadDir(profileDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for leftover browsers: %w", err)
	}
	unlock, err := lockDir(profileDir)
	if err != nil {
		return fmt.Errorf("looking for leftover browsers: %w", err)
	}
	defer unlock()
	var errs []error
	for _, e := range entries {
		if e.IsDir() && strings.HasPrefix(e.Name(), folderPrefix) {
			errs = append(errs, sweepFolder(filepath.Join(profileDir, e.Name()), log))
		}
	}
	return errors.Join(errs...)
}

func sweepFolder(path string, log *slog.Logger) error {
	var r record
	f, err := os.Open(filepath.Join(path, recordName))
	switch {
	case err == nil:
		defer func() { _ = f.Close() }()
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			return nil // its agent lives
		}
		_ = json.NewDecoder(f).Decode(&r) // what was cut off names no process
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("looking at %s: %w", path, err)
	}
	match := leftovers(path, r)
	n := len(processes(match))
	if err := killAll(3*time.Second, match); err != nil {
		return fmt.Errorf("ending the browser in %s: %w", path, err)
	}
	if err := removeAll(path, 3*time.Second); err != nil {
		return fmt.Errorf("removing a leftover browser profile: %w", err)
	}
	log.Info("removed what a killed agent left of a browser", "folder", path, "processes", n)
	return nil
}

// leftovers matches the processes of a browser: those that name its folder, and those of its process group, provided that
// the group is still that browser's.
func leftovers(path string, r record) func(proc) bool {
	ours := false
	if r.Browser > 0 {
		if leader, err := readProc(r.Browser); err == nil {
			ours = leader.started == r.Started
		} else {
			// The leader is gone. The group is its own still if a member is where it was started; a sandboxed one is not.
			ours = len(processes(func(p proc) bool { return p.group == r.Browser && p.uses(path) })) > 0
		}
	}
	return func(p proc) bool { return ours && p.group == r.Browser || p.uses(path) }
}
