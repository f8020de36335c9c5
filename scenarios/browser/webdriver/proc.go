package webdriver

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// proc is what /proc says of one process.
type proc struct {
	pid, parent, group int
	state              byte   // Z is a zombie: dead, but not reaped by its parent
	started            uint64 // clock ticks after boot; with pid, it names a process that a re-used pid never does
}

// readProc gives the process pid.
func readProc(pid int) (proc, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return proc{}, err
	}
	// The second field is the name in parentheses, and the name may hold anything.
	end := bytes.LastIndexByte(b, ')')
	if end < 0 {
		return proc{}, fmt.Errorf("/proc/%d/stat cannot be read", pid)
	}
	f := strings.Fields(string(b[end+1:]))
	if len(f) < 20 {
		return proc{}, fmt.Errorf("/proc/%d/stat is too short", pid)
	}
	p := proc{pid: pid, state: f[0][0]}
	p.parent, _ = strconv.Atoi(f[1])
	p.group, _ = strconv.Atoi(f[2])
	p.started, _ = strconv.ParseUint(f[19], 10, 64)
	return p, nil
}

// processes gives all processes that match, without zombies and without ourselves.
func processes(match func(proc) bool) []proc {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var found []proc
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		if p, err := readProc(pid); err == nil && p.state != 'Z' && p.state != 'X' && match(p) {
			found = append(found, p)
		}
	}
	return found
}

// uses reports whether a process belongs to the driver with the folder dir: it is named in its command line, as the profile
// of a browser is, or the process is where it was started, in a folder of that name, which no other driver ever has.
func (p proc) uses(dir string) bool {
	if p.names(dir + "/") {
		return true
	}
	cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", p.pid))
	return err == nil && strings.HasPrefix(cwd+"/", dir+"/")
}

// names reports whether a text is in the command line of a process.
func (p proc) names(text string) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.pid))
	return err == nil && bytes.Contains(b, []byte(text))
}

// withGroups matches what match does, and the process groups that such processes lead: a sandboxed process of a browser is to
// be known by its group alone.
func withGroups(match func(proc) bool) func(proc) bool {
	groups := map[int]bool{}
	for _, p := range processes(func(p proc) bool { return p.pid == p.group && match(p) }) {
		groups[p.group] = true
	}
	return func(p proc) bool { return groups[p.group] || match(p) }
}

// killAll kills what match finds until it finds nothing more, for at most limit. A process can fork while it is killed.
func killAll(limit time.Duration, match func(proc) bool) error {
	deadline := time.Now().Add(limit)
	for {
		found := processes(match)
		if len(found) == 0 {
			return nil
		}
		for _, p := range found {
			_ = syscall.Kill(p.pid, syscall.SIGKILL) // gone already is fine
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d processes do not end, one is %d", len(found), found[0].pid)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
