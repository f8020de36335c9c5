package cdp

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"trackwalker/scenarios/browser"
)

// helper is an agent with one open session.
func helper(dir string) {
	d := New(Config{ProfileDir: dir})
	s, err := d.Open(context.Background(), browser.Options{})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(s.(*session).in.process.folder.path)
	select {}
}

func TestSweepAfterAKilledAgent(t *testing.T) {
	dir, err := os.MkdirTemp(profiles, "sweep")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperVariable+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewScanner(out)
	if !in.Scan() {
		t.Fatalf("the helper says nothing: %v", in.Err())
	}
	path := in.Text()
	if err := Sweep(dir, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("the folder of a living agent was swept: %v", err)
	}
	var r record
	b, err := os.ReadFile(filepath.Join(path, recordName))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &r); err != nil || r.Agent != cmd.Process.Pid || r.Browser == 0 || r.Started == 0 || r.AgentStarted == 0 {
		t.Fatalf("the record is %s (%v)", b, err)
	}
	// Stopped, the browser cannot notice that its agent is gone.
	for _, p := range processes(func(p proc) bool { return p.group == r.Browser }) {
		if err := syscall.Kill(p.pid, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if err := Sweep(dir, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", path, err)
	}
	if left := processes(func(p proc) bool { return p.group == r.Browser || p.uses(path) }); len(left) > 0 {
		t.Errorf("processes are left: %v", left)
	}
}

// What is left of an agent is made by hand: a folder that nobody locks, and processes that stand for its browser.
func TestSweepKillsOnlyItsOwn(t *testing.T) {
	dir, err := os.MkdirTemp(profiles, "sweep")
	if err != nil {
		t.Fatal(err)
	}
	start := func(cwd string) *exec.Cmd {
		cmd := exec.Command("sleep", "300")
		cmd.Dir = cwd
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
		return cmd
	}
	alive := func(cmd *exec.Cmd) bool {
		p, err := readProc(cmd.Process.Pid)
		return err == nil && p.state != 'Z'
	}
	leave := func(pid int, started uint64) string {
		path, err := os.MkdirTemp(dir, folderPrefix)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := json.Marshal(record{Agent: 1, Browser: pid, Started: started})
		if err := os.WriteFile(filepath.Join(path, recordName), b, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(filepath.Join(path, "tmp"), 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}

	stranger := start("/") // has the number of a browser that is gone
	p, err := readProc(stranger.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	leave(stranger.Process.Pid, p.started-1)

	browser := start("/") // the recorded leader itself
	if p, err = readProc(browser.Process.Pid); err != nil {
		t.Fatal(err)
	}
	leave(browser.Process.Pid, p.started)

	orphan := start(filepath.Join(leave(0, 0), "tmp")) // a child without a recorded leader

	if err := os.Mkdir(filepath.Join(dir, folderPrefix+"half"), 0o700); err != nil { // without a record
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Sweep(dir, nil); err != nil {
		t.Fatal(err)
	}
	if !alive(stranger) {
		t.Error("a process was killed that merely has the number of a browser")
	}
	if alive(browser) {
		t.Error("the browser lives")
	}
	if alive(orphan) {
		t.Error("the browser's child lives")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, folderPrefix+"*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if _, err := os.Stat(filepath.Join(dir, "notes.txt")); err != nil {
		t.Error("a file was removed that is none of a browser's")
	}
	if err := Sweep(filepath.Join(dir, "nowhere"), nil); err != nil {
		t.Errorf("a missing folder: %v", err)
	}
}
