package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"trackwalker/agent/config"
	"trackwalker/reporters"
	"trackwalker/scenarios"
	"trackwalker/scenarios/browser"
)

// Gravity says how bad a finding is.
type Gravity int

// The gravities, the worst last: fine; worth a look; the input is wrong; the agent cannot work here.
const (
	Fine Gravity = iota
	Worth
	WrongInput
	Broken
)

// Finding is one thing that Examine looked at.
type Finding struct {
	Part    string
	Gravity Gravity
	Message string
	Hint    string // what to do; empty when it is fine
}

// Examine checks all that an agent with this configuration needs, and tells of each check as it is made.
func Examine(ctx context.Context, a *App, tell func(Finding)) {
	c := a.config
	for _, b := range c.Browsers {
		tell(a.examineBrowser(ctx, b))
		tell(examineSandbox(b))
	}
	tell(examineSharedMemory())
	for _, f := range examineFonts("/usr/share/fonts", "/usr/local/share/fonts", filepath.Join(os.Getenv("HOME"), ".fonts")) {
		tell(f)
	}
	tell(examineDisk(c.Data))
	tell(examineClock())
	for _, f := range examineScenarios(c.Scenarios, a.Env()) {
		tell(f)
	}
	for _, f := range examineReporters(ctx, c, a) {
		tell(f)
	}
}

// examineBrowser opens a page in the browser and takes a picture of it.
func (a *App) examineBrowser(ctx context.Context, b config.Browser) Finding {
	f := Finding{Part: "browser " + b.Name}
	ctx, cancel := context.WithTimeout(ctx, 45*time.Second)
	defer cancel()
	d, err := a.driver(b)
	if err != nil {
		f.Gravity, f.Message, f.Hint = WrongInput, err.Error(), "set it where the agent runs"
		return f
	}
	agent, err := tryBrowser(ctx, d)
	if err == nil {
		f.Message = agent + " opens pages and takes pictures"
		return f
	}
	f.Gravity, f.Message = Broken, err.Error()
	if b.Driver == "cdp" {
		f.Hint = "install it: apt-get install chromium-headless-shell; or name its program under path: in agent.yaml"
	}
	if failure, ok := errors.AsType[*browser.Failure](err); ok {
		f.Message = failure.Message
		if failure.Hint != "" {
			f.Hint = failure.Hint
		}
	}
	return f
}

// tryBrowser gives the name and version that the browser says of itself.
func tryBrowser(ctx context.Context, d browser.Driver) (string, error) {
	session, err := d.Open(ctx, browser.Options{InitScript: browser.PageScript})
	if err != nil {
		return "", err
	}
	defer session.Close()
	page := browser.NewPage(session, nil)
	if err := page.Goto(ctx, "about:blank", browser.GotoOptions{}); err != nil {
		return "", err
	}
	raw, err := page.Script(ctx, nil, "document.body.textContent = 'trackwalker'; return navigator.userAgent", nil)
	if err != nil {
		return "", err
	}
	if _, err := page.Picture(ctx, browser.PictureOptions{}); err != nil {
		return "", err
	}
	for _, name := range []string{`\w*Chrom\w*`, `Firefox`, `AppleWebKit`} { // Chromium names WebKit, too
		if m := regexp.MustCompile(name + `/[\d.]+`).Find(raw); m != nil {
			return string(m), nil
		}
	}
	return "the browser", nil
}

func examineSandbox(b config.Browser) Finding {
	f := Finding{Part: "sandbox " + b.Name}
	if !b.URL.IsZero() {
		f.Message = "a matter of those who run what its url names"
		return f
	}
	if b.Sandbox {
		f.Message = "on"
		chromium := b.Driver == "cdp" || slices.Contains([]string{"chrome", "chromium", "edge"}, strings.ToLower(b.Browser))
		if chromium && os.Geteuid() == 0 {
			f.Gravity, f.Message = Worth, "on, which does not work for root"
			f.Hint = "run the agent as a user of its own"
		}
		return f
	}
	f.Gravity, f.Message = Worth, "off: a page that breaks out of the browser's renderer has all the rights of the agent"
	f.Hint = "run the agent as a user of its own, not as root, and delete sandbox: false; or play only pages that you trust"
	return f
}

// enoughSharedMemory is what Chromium fills with a few large pages.
const enoughSharedMemory = 256 << 20

func examineSharedMemory() Finding {
	f := Finding{Part: "shared memory"}
	var s syscall.Statfs_t
	if err := syscall.Statfs("/dev/shm", &s); err != nil {
		f.Gravity, f.Message, f.Hint = Worth, "/dev/shm is not there; the browser keeps shared memory in files, which is slower", "mount a tmpfs at /dev/shm"
		return f
	}
	size := s.Blocks * uint64(s.Bsize)
	f.Message = fmt.Sprintf("/dev/shm has %d MB", size>>20)
	if size < enoughSharedMemory {
		f.Gravity = Worth
		f.Message += "; the browser keeps shared memory in files instead, which is slower"
		f.Hint = "give the container more: shm_size: 512m in compose.yaml, or docker run --shm-size=512m"
	}
	return f
}

// examineFonts looks for fonts, by the names of their files, for what pages are written in.
func examineFonts(dirs ...string) []Finding {
	var names strings.Builder
	for _, dir := range dirs {
		_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				names.WriteString(strings.ToLower(filepath.Base(path)) + "\n")
			}
			return nil
		})
	}
	var findings []Finding
	for _, script := range []struct{ name, pattern, pkg string }{
		{"Latin", `liberation|dejavu|notosans-|noto-?sans|roboto|freesans|arial`, "fonts-liberation"},
		{"Chinese, Japanese, Korean", `cjk|wqy|ipag|ipam|takao|uming|ukai|nanum|unifont|droidsansfallback`, "fonts-noto-cjk"},
		{"emoji", `emoji`, "fonts-noto-color-emoji"},
	} {
		f := Finding{Part: "fonts", Message: "for " + script.name + " are there"}
		if !regexp.MustCompile(script.pattern).MatchString(names.String()) {
			f.Gravity, f.Message = Worth, "for "+script.name+" were not found: screenshots show empty boxes in their place"
			f.Hint = "apt-get install " + script.pkg
		}
		findings = append(findings, f)
	}
	return findings
}

// examineDisk writes a file where the data goes. A data folder that is not there yet is not made: its owner would be whoever
// asks the doctor.
func examineDisk(dir string) Finding {
	f := Finding{Part: "disk"}
	place := dir
	for {
		if _, err := os.Stat(place); !errors.Is(err, fs.ErrNotExist) || filepath.Dir(place) == place {
			break
		}
		place = filepath.Dir(place)
	}
	probe, err := os.CreateTemp(place, ".doctor-*")
	if err != nil {
		f.Gravity, f.Message = Broken, fmt.Sprintf("%s is not writable: %v", place, err)
		f.Hint = "give the data folder to the agent's user (chown), or name another one under data: in agent.yaml"
		return f
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		f.Gravity, f.Message = Worth, err.Error()
		return f
	}
	free, err := freeBytes(place)
	if err != nil {
		f.Gravity, f.Message = Worth, err.Error()
		return f
	}
	f.Message = fmt.Sprintf("%s is writable, with %.1f GB free", place, float64(free)/1e9)
	if free < leastFreeBytes {
		f.Gravity, f.Hint = Broken, "make room, or keep less: retention in agent.yaml"
	}
	return f
}

// examineClock asks the kernel whether something keeps the clock right.
func examineClock() Finding {
	f := Finding{Part: "clock", Message: "is synchronized"}
	const (
		timeError = 5    // TIME_ERROR of adjtimex(2)
		unsynced  = 0x40 // STA_UNSYNC
	)
	var t syscall.Timex
	state, err := syscall.Adjtimex(&t)
	switch {
	case time.Now().Year() < 2026:
		f.Gravity, f.Message, f.Hint = Broken, "says "+time.Now().Format(time.RFC3339)+", which is past", "set it, and run an NTP client on this machine"
	case err != nil:
		f.Message = "says " + time.Now().Format(time.RFC3339) + "; whether it is synchronized cannot be asked here"
	case state == timeError || t.Status&unsynced != 0:
		f.Gravity, f.Message = Worth, "says "+time.Now().Format(time.RFC3339)+"; nothing on this machine keeps it right"
		f.Hint = "run an NTP client (systemd-timesyncd, chrony): a wrong clock plays at wrong times, and TLS certificates look expired"
	}
	return f
}

func examineScenarios(dir string, env scenarios.Env) []Finding {
	part := "scenarios"
	folder, err := scenarios.LoadFolder(dir, env)
	if err != nil {
		return []Finding{{part, WrongInput, err.Error(), "trackwalker init writes a first one"}}
	}
	if len(folder.Files) == 0 {
		return []Finding{{part, Worth, dir + " holds no scenario", "trackwalker init writes a first one"}}
	}
	list := []Finding{{Part: part, Message: fmt.Sprintf("%d of %d files in %s are right", len(folder.Scenarios), len(folder.Files), dir)}}
	for _, err := range folder.Broken {
		list = append(list, Finding{part, WrongInput, err.Error(), "correct it; trackwalker validate looks again"})
	}
	for _, s := range folder.Scenarios {
		for _, missing := range s.MissingSecrets() {
			list = append(list, Finding{part, WrongInput, fmt.Sprintf("%s: %v", s.File, missing), "set it where the agent runs"})
		}
	}
	return list
}

func examineReporters(ctx context.Context, c *config.Config, a *App) []Finding {
	channels, err := Channels(c, io.Discard, a.options.Log)
	if err != nil {
		return []Finding{{"reporters", WrongInput, err.Error(), "set what is missing where the agent runs"}}
	}
	var list []Finding
	for _, channel := range channels {
		part := "reporter " + channel.Name
		if channel.Printed != "" {
			list = append(list, Finding{part, Worth, "messages are only printed: " + channel.Printed, "name a reporter in agent.yaml, and set its token where the agent runs"})
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		for _, f := range channel.Reporter.Check(ctx) {
			list = append(list, ofReporter(part, f))
		}
		cancel()
	}
	return list
}

func ofReporter(part string, f reporters.Finding) Finding {
	if f.OK {
		return Finding{Part: part, Message: f.Message, Hint: f.Hint}
	}
	return Finding{part, WrongInput, f.Message, f.Hint}
}
