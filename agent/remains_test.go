package main_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is one of a browser's. Its start tells it from a later one with the same number.
type process struct {
	pid     int
	start   string
	command string
}

// processes gives those of the browsers of this world's agents, without zombies: only the first process of a browser names
// the folder in its command line, the others are in it.
func (w *world) processes() []process {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		w.t.Fatal(err)
	}
	data := filepath.Join(w.dir, "data") + "/"
	var found []process
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		command, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		at, _ := os.Readlink(filepath.Join("/proc", e.Name(), "cwd"))
		if !bytes.Contains(command, []byte("--user-data-dir="+data)) && !strings.HasPrefix(at, data) {
			continue
		}
		stat, err := os.ReadFile(filepath.Join("/proc", e.Name(), "stat"))
		if err != nil {
			continue
		}
		// The name, in parentheses, may hold anything.
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if fields[0] != "Z" && fields[0] != "X" {
			found = append(found, process{pid, fields[19], string(bytes.ReplaceAll(command, []byte{0}, []byte{' '}))})
		}
	}
	return found
}

// profiles gives the folders of browsers.
func (w *world) profiles() []string {
	var all []string
	for _, pattern := range []string{"browser-*", "driver-*"} {
		found, err := filepath.Glob(filepath.Join(w.dir, "data", "browsers", "*", pattern))
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, found...)
	}
	return all
}

// remains are what there is of browsers.
type remains struct {
	processes []process
	profiles  []string
}

func (w *world) remains() remains { return remains{w.processes(), w.profiles()} }

// clean wants that nothing is left of any browser, after an agent has ended as it should.
func (w *world) clean() {
	w.t.Helper()
	if left := w.remains(); len(left.processes)+len(left.profiles) > 0 {
		w.t.Errorf("the agent has ended, and leaves %+v", left)
	}
}

// nothingLeft ends what browsers the test left, when its agents are gone.
func (w *world) nothingLeft() {
	deadline := time.Now().Add(10 * time.Second)
	for left := w.processes(); len(left) > 0; left = w.processes() {
		for _, p := range left {
			if err := syscall.Kill(p.pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
				w.t.Error(err)
			}
		}
		if time.Now().After(deadline) {
			w.t.Errorf("browser processes do not end: %v", left)
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}
