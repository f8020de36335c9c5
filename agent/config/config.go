// Package config reads agent.yaml: what the agent plays, with which browsers, whom it tells and where it keeps what it
// knows. It starts nothing and connects to nothing.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/dustin/go-humanize"

	"trackwalker/scenarios"
	"trackwalker/scenarios/source"
)

// Config is agent.yaml. Paths in it are absolute, or relative to the working directory.
type Config struct {
	File      string // empty: there was none, all is default
	Scenarios string // a folder
	Data      string // a folder
	Location  string
	Vars      map[string]string
	Secrets   map[string]source.Secret
	Page      scenarios.PageSettings // of scenarios that do not say otherwise
	Browsers  []Browser              // the first is the default
	Reporters []Reporter
	Heartbeat Value
	Listen    string   // host:port; empty: no page
	Hosts     []string // further names that the page is asked for by
	Retention Retention
}

// Retention says how long what is kept is kept.
type Retention struct {
	Runs        time.Duration
	Screenshots time.Duration
	Size        int64 // bytes of screenshots
}

// Value is a text that may be a secret: written as it is, or {env: NAME} or {file: PATH}.
type Value struct {
	Literal string
	Secret  *source.Secret
}

// IsZero reports whether nothing was written.
func (v Value) IsZero() bool { return v.Literal == "" && v.Secret == nil }

// Reveal gives the text. The error wraps source.ErrNotSet when a secret has no value.
func (v Value) Reveal() (string, error) {
	if v.Secret == nil {
		return v.Literal, nil
	}
	return v.Secret.Reveal()
}

// MissingSecrets says which secrets of the configuration itself have no value now. Without a Slack token the agent can
// still play and print, so that one is not among them.
func (c *Config) MissingSecrets() []error {
	values := []Value{c.Heartbeat}
	for _, b := range c.Browsers {
		values = append(values, b.URL)
	}
	for _, r := range c.Reporters {
		values = append(values, r.URL, r.Secret, r.RoutingKey, r.Username, r.Password)
	}
	var missing []error
	for _, v := range values {
		if _, err := v.Reveal(); err != nil {
			missing = append(missing, err)
		}
	}
	return missing
}

// FileName is what the configuration is called.
const FileName = "agent.yaml"

// Default is the configuration without a file.
func Default() *Config {
	return &Config{
		Scenarios: "scenarios", Data: "data", Location: "local",
		Vars: map[string]string{}, Secrets: map[string]source.Secret{},
		Browsers:  []Browser{{Name: "chromium", Driver: "cdp", Slots: 2, Sandbox: true}},
		Listen:    "127.0.0.1:8080",
		Retention: Retention{Runs: 90 * 24 * time.Hour, Screenshots: 30 * 24 * time.Hour, Size: 5_000_000_000},
	}
}

// Find loads the file at path. An empty path means ./agent.yaml if it is there, else Default. The error is source.Problems
// when something is wrong with what the file says.
func Find(path string) (*Config, error) {
	explicit := path != ""
	if !explicit {
		path = FileName
	}
	data, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !explicit:
		return Default(), nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s does not exist: `trackwalker init` writes one", path)
	case err != nil:
		return nil, fmt.Errorf("the configuration cannot be read: %w", err)
	}
	c, problems := Load(path, data)
	if len(problems) > 0 {
		return nil, problems
	}
	return c, nil
}

// Fields are the keys of agent.yaml.
func Fields() []source.Field {
	return append([]source.Field{
		{Key: "scenarios", Type: "text", Doc: "a folder: every *.yaml in it is played; reloaded when it changes; default ./scenarios"},
		{Key: "data", Type: "text", Doc: "a folder for the database, screenshots and browser profiles; default ./data"},
		{Key: "location", Type: "text", Doc: "names this agent in results; default local"},
		{Key: "vars", Type: "texts by name", Doc: "names for texts, for every scenario"},
		{Key: "secrets", Type: "secrets", Doc: "names for values that are never printed, for every scenario"},
		{Key: "browsers", Type: "browsers", Doc: "the browsers to play in, by name; the first is the default"},
		{Key: "reporters", Type: "reporters", Doc: "who is told of incidents, by name"},
		{Key: "heartbeat_url", Type: "value", Doc: "called every minute while all is well with the agent itself"},
		{Key: "listen", Type: "text", Doc: "host:port of the status page; default 127.0.0.1:8080; \"off\": none"},
		{Key: "hosts", Type: "texts", Doc: "names by which the status page is asked for, beside localhost and addresses, as status.example"},
		{Key: "retention", Type: "retention", Doc: "how long runs and screenshots are kept"},
	}, scenarios.PageFields()...)
}

// RetentionFields are the keys of retention.
func RetentionFields() []source.Field {
	return []source.Field{
		{Key: "runs", Type: "duration", Doc: "how long runs are kept; default 90d"},
		{Key: "screenshots", Type: "duration", Doc: "how long screenshots are kept; default 30d"},
		{Key: "size", Type: "text", Doc: "how much room screenshots take at most; default 5GB"},
	}
}

// Load reads the content of agent.yaml. The configuration is nil when there are problems.
func Load(name string, data []byte) (*Config, source.Problems) {
	doc := source.Parse(name, data)
	if doc.Root == nil {
		return nil, doc.Problems()
	}
	l := loader{doc: doc, dir: filepath.Dir(name), o: doc.Root.Object(Fields()), c: Default()}
	l.load()
	if problems := doc.Problems(); len(problems) > 0 {
		return nil, problems
	}
	return l.c, nil
}

type loader struct {
	doc *source.Document
	dir string
	o   *source.Object
	c   *Config
}

func (l *loader) load() {
	l.c.File = l.doc.Name
	l.names()
	l.c.Page = scenarios.DecodePage(l.o, scenarios.PageSettings{})
	l.c.Scenarios = l.path("scenarios", "scenarios")
	l.c.Data = l.path("data", "data")
	l.c.Location = l.o.Resolved("location", l.c.Location)
	if n := l.o.Get("location"); n != nil && !n.Wrong() && l.c.Location == "" {
		n.Problem("the agent needs a name: write one as berlin-1, or leave location out")
	}
	l.browsers()
	l.reporters()
	l.c.Heartbeat = l.url(l.o.Get("heartbeat_url"), "heartbeat_url", "heartbeat_url")
	l.listen()
	if n := l.o.Get("hosts"); n != nil {
		l.c.Hosts = n.Strings()
	}
	l.retention()
}

func (l *loader) names() {
	if n := l.o.Get("vars"); n != nil {
		for _, p := range n.Map() {
			l.name(p)
			l.c.Vars[p.Key] = p.Value.Literal()
		}
	}
	if n := l.o.Get("secrets"); n != nil {
		for _, p := range n.Map() {
			l.name(p)
			if _, taken := l.c.Vars[p.Key]; taken {
				l.doc.At(p.Line, p.Column, "%q is a var and a secret: give one of them another name", p.Key)
			}
			l.c.Secrets[p.Key] = p.Value.Secret(p.Key, l.dir)
		}
	}
	l.doc.Names.Vars = l.c.Vars
	l.doc.Names.Secrets = l.c.Secrets
	if n := l.o.Get("vars"); n != nil {
		for _, p := range n.Pairs {
			p.Value.CheckReferences(l.c.Vars[p.Key])
			if err := l.doc.Names.Circular(p.Key); err != nil {
				p.Value.Problem("%v", err)
			}
		}
	}
}

func (l *loader) name(p source.Pair) {
	if !source.ValidName(p.Key) || slices.Contains(source.BuiltIns(), p.Key) {
		l.doc.At(p.Line, p.Column, "%q cannot be a name: use letters, digits and _, and none that is built in", p.Key)
	}
}

// path reads a path, relative to the file.
func (l *loader) path(key, def string) string {
	path := l.o.Literal(key, def)
	if n := l.o.Get(key); n != nil && !n.Wrong() && path == "" {
		n.Problem("%s needs the path of a folder, as ./%s", key, def)
	}
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(l.dir, path)
}

// value reads a text or a secret. Nil gives nothing.
func (l *loader) value(n *source.Node, name string) Value {
	switch {
	case n == nil:
		return Value{}
	case n.Kind == source.KindMap:
		s := n.Secret(name, l.dir)
		return Value{Secret: &s}
	default:
		return Value{Literal: n.Resolved()}
	}
}

// url is value for an address on a web server, which is checked where it is written as it is. about is how the problem calls it.
func (l *loader) url(n *source.Node, name, about string) Value {
	v := l.value(n, name)
	if n != nil && !n.Wrong() && v.Secret == nil && !isWebURL(v.Literal) {
		n.Problem("%s is an address that begins with http:// or https://", about) // what it is may let its holder in
	}
	return v
}

// isWebURL reports whether text is the address of something on a web server.
func isWebURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Hostname() != "" && (u.Scheme == "http" || u.Scheme == "https")
}

func (l *loader) listen() {
	n := l.o.Get("listen")
	if n == nil {
		return
	}
	l.c.Listen = n.Literal()
	if l.c.Listen == "off" {
		l.c.Listen = ""
		return
	}
	_, port, err := net.SplitHostPort(l.c.Listen)
	if n.Wrong() {
		return
	}
	if err != nil {
		n.Problem("%q is no address: write host:port, as 127.0.0.1:8080, or off", l.c.Listen)
	} else if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		n.Problem("%q is no port: write a number up to 65535", port)
	}
}

func (l *loader) retention() {
	n := l.o.Get("retention")
	if n == nil {
		return
	}
	o := n.Object(RetentionFields())
	l.c.Retention.Runs = kept(o, "runs", l.c.Retention.Runs)
	l.c.Retention.Screenshots = kept(o, "screenshots", l.c.Retention.Screenshots)
	if s := o.Get("size"); s != nil {
		size, err := humanize.ParseBytes(s.Literal())
		if err != nil || size == 0 || size > 1<<60 {
			s.Problem("%q is no size: write one as 500MB or 5GB", s.Text)
		}
		l.c.Retention.Size = int64(size & (1<<62 - 1))
	}
}

// kept reads how long something is kept, or gives def.
func kept(o *source.Object, key string, def time.Duration) time.Duration {
	d := o.Duration(key, def)
	if n := o.Get(key); n != nil && !n.Wrong() && d == 0 {
		n.Problem("%s are kept for longer than 0s", key)
	}
	return d
}
