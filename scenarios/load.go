package scenarios

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/source"
	"trackwalker/scenarios/steps"
)

// Env is what a scenario file sees of the world around it.
type Env struct {
	Vars      map[string]string           // of the configuration; the file's own win
	Override  map[string]string           // of the command line; they win over the file's
	Secrets   map[string]source.Secret    // of the configuration; the file's own win
	Browsers  map[string]browser.Features // by name; nil: not known, any will do
	Default   string                      // the browser of scenarios that name none
	Reporters []string                    // names that alert.to may hold; nil: not known
	Page      PageSettings                // of the configuration; the file's own win
}

// LoadFile reads one scenario file. The error is source.Problems when something is wrong with what the file, or a fragment
// that it uses, says.
func LoadFile(path string, env Env) (*Scenario, error) {
	s, _, err := loadFile(path, env)
	return s, err
}

// loadFile also gives the fragments that the file uses, whether it is right or not.
func loadFile(path string, env Env) (*Scenario, []string, error) {
	data, err := steps.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	s, fragments, problems := load(path, data, env)
	if len(problems) > 0 {
		return nil, fragments, problems
	}
	return s, fragments, nil
}

// IsScenarioFile reports whether a file of that name is a flow: *.yaml, and neither a fragment nor the configuration.
func IsScenarioFile(name string) bool {
	base := filepath.Base(name)
	return strings.HasSuffix(base, ".yaml") && !strings.HasPrefix(base, "_") && !strings.HasPrefix(base, ".") && base != "agent.yaml"
}

// Folder is what LoadFolder found.
type Folder struct {
	Scenarios []*Scenario      // those that are right, by name
	Broken    map[string]error // by file
	Files     []string         // all scenario files, right or not
	Fragments []string         // all that they use, by path, in whatever folder
	Ignored   []string         // files that look like scenarios and are none
}

// LoadFolder reads every scenario file of a folder. The error says why the folder itself cannot be read.
func LoadFolder(dir string, env Env) (Folder, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return Folder{}, fmt.Errorf("the scenario folder %s does not exist: make it, or name another one under scenarios: in agent.yaml", dir)
	}
	if err != nil {
		return Folder{}, fmt.Errorf("the scenario folder cannot be read: %w", err)
	}
	folder := Folder{Broken: map[string]error{}}
	var unique Unique
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		if !entry.IsDir() && filepath.Ext(path) == ".yml" {
			folder.Ignored = append(folder.Ignored, path)
		}
		if entry.IsDir() || !IsScenarioFile(entry.Name()) {
			continue
		}
		folder.Files = append(folder.Files, path)
		s, fragments, err := loadFile(path, env)
		folder.Fragments = append(folder.Fragments, fragments...)
		if err == nil {
			err = unique.Add(s)
		}
		if err != nil {
			folder.Broken[path] = err
			continue
		}
		folder.Scenarios = append(folder.Scenarios, s)
	}
	slices.Sort(folder.Fragments)
	folder.Fragments = slices.Compact(folder.Fragments)
	slices.SortFunc(folder.Scenarios, func(a, b *Scenario) int { return strings.Compare(a.Name, b.Name) })
	return folder, nil
}

// FileFields are the keys of a scenario file.
func FileFields() []source.Field {
	fields := []source.Field{
		{Key: "name", Type: "text", Doc: "`[a-z0-9-]+`, unique in the folder; default: the file's name without .yaml"},
		{Key: "description", Type: "text", Doc: "what the flow does, for people"},
		{Key: "tags", Type: "texts", Doc: "words to group flows by"},
		{Key: "every", Type: "duration", Doc: "plays at this interval; without it and cron only when asked to"},
		{Key: "cron", Type: "text", Doc: "plays by a cron expression of five fields"},
		{Key: "timezone", Type: "text", Doc: "of the cron expression, as Europe/Berlin; default UTC"},
		{Key: "timeout", Type: "duration", Doc: "of the whole attempt; default 60s"},
		{Key: "retries", Type: "integer", Doc: "further attempts before the run counts as failed; default 1"},
		{Key: "browser", Type: "text", Doc: "a browser named in agent.yaml; default: its first"},
	}
	return append(append(fields, PageFields()...),
		source.Field{Key: "vars", Type: "texts by name", Doc: "names for texts; they may hold references"},
		source.Field{Key: "secrets", Type: "secrets", Doc: "names for values that are never printed, stored or shown"},
		source.Field{Key: "steps", Type: "steps", Doc: "what is played; at least one of them is an assertion", Required: true},
		source.Field{Key: "finally", Type: "steps", Doc: "played after the steps, however they ended; a failure here is a warning"},
		source.Field{Key: "budgets", Type: "budgets", Doc: "{total: 8s}: a run that takes longer fails"},
		source.Field{Key: "alert", Type: "alert", Doc: "{after, recover, to}: when failed runs become an incident, and who is told"},
	)
}

// AlertFields are the keys of alert.
func AlertFields() []source.Field {
	return []source.Field{
		{Key: "after", Type: "integer", Doc: "consecutive failed runs that open an incident; default 1"},
		{Key: "recover", Type: "integer", Doc: "consecutive passed runs that resolve it; default 1"},
		{Key: "to", Type: "texts", Doc: "names of reporters in agent.yaml; default all"},
	}
}

// Load reads a scenario file's content. name is how problems call the file, and what paths in it are relative to. The scenario
// is nil when there are problems.
func Load(name string, data []byte, env Env) (*Scenario, source.Problems) {
	s, _, problems := load(name, data, env)
	return s, problems
}

func load(name string, data []byte, env Env) (*Scenario, []string, source.Problems) {
	doc := source.Parse(name, data)
	if steps.IsFragment(name) {
		doc.At(0, 0, "this is a fragment, for its name begins with _: flows use it, as `- use: %s`; give a flow another name", filepath.Base(name))
		return nil, nil, doc.Problems()
	}
	if doc.Root == nil || len(doc.Problems()) > 0 && doc.Root.Kind != source.KindMap {
		return nil, nil, doc.Problems()
	}
	l := loader{doc: doc, env: env, o: doc.Root.Object(FileFields()), reader: steps.NewReader(doc)}
	s := l.scenario()
	s.Fragments = l.reader.Fragments()
	if problems := l.problems(); len(problems) > 0 {
		return nil, s.Fragments, problems
	}
	return s, s.Fragments, nil
}

type loader struct {
	doc    *source.Document
	env    Env
	o      *source.Object
	reader *steps.Reader
}

// problems gives what is wrong in the file and in the fragments that it uses.
func (l *loader) problems() source.Problems {
	return append(l.doc.Problems(), l.reader.Problems()...).Sorted()
}

func (l *loader) scenario() *Scenario {
	s := &Scenario{File: l.doc.Name}
	l.names(s)
	l.about(s)
	l.when(s)
	l.page(s)
	l.steps(s)
	l.judging(s)
	l.browser(s)
	l.secrets(s)
	return s
}

// names reads vars and secrets first: everything after may refer to them.
func (l *loader) names(s *Scenario) {
	s.Vars, s.Secrets = maps.Clone(l.env.Vars), maps.Clone(l.env.Secrets)
	if s.Vars == nil {
		s.Vars = map[string]string{}
	}
	if s.Secrets == nil {
		s.Secrets = map[string]source.Secret{}
	}
	values := l.named("vars")
	for _, p := range values {
		delete(s.Secrets, p.Key)
		s.Vars[p.Key] = p.Value.Literal()
	}
	for _, p := range l.named("secrets") {
		if slices.ContainsFunc(values, func(v source.Pair) bool { return v.Key == p.Key }) {
			l.doc.At(p.Line, p.Column, "%q is a var and a secret: give one of them another name", p.Key)
		}
		delete(s.Vars, p.Key)
		s.Secrets[p.Key] = p.Value.Secret(p.Key, filepath.Dir(l.doc.Name))
	}
	for name, value := range l.env.Override {
		delete(s.Secrets, name)
		s.Vars[name] = value
	}
	l.doc.Names.Vars = s.Vars
	l.doc.Names.Secrets = maps.Clone(s.Secrets)
	for _, p := range values {
		if _, overridden := l.env.Override[p.Key]; overridden || p.Value.Kind != source.KindText {
			continue
		}
		p.Value.CheckReferences(p.Value.Text)
		if err := l.doc.Names.Circular(p.Key); err != nil {
			p.Value.Problem("%v", err)
		}
	}
	for name, value := range l.env.Override {
		if err := l.doc.Names.Check(value); err != nil {
			l.doc.At(0, 0, "the var %s of the command line: %v", name, err)
		}
	}
}

// secrets keeps of the configuration's secrets those that the file refers to: it does not depend on the others.
func (l *loader) secrets(s *Scenario) {
	for name := range l.env.Secrets {
		own := l.o.Has("secrets") && slices.ContainsFunc(l.o.Get("secrets").Pairs, func(p source.Pair) bool { return p.Key == name })
		if !own && !l.doc.Names.Used(name) {
			delete(s.Secrets, name)
		}
	}
}

// named gives the pairs of a map whose keys are names.
func (l *loader) named(key string) []source.Pair {
	n := l.o.Get(key)
	if n == nil {
		return nil
	}
	pairs := n.Map()
	for _, p := range pairs {
		switch {
		case !source.ValidName(p.Key):
			l.doc.At(p.Line, p.Column, "%q is no name: use letters, digits and _", p.Key)
		case slices.Contains(source.BuiltIns(), p.Key):
			l.doc.At(p.Line, p.Column, "${%s} is built in: choose another name", p.Key)
		}
	}
	return pairs
}

func (l *loader) about(s *Scenario) {
	base := strings.TrimSuffix(filepath.Base(l.doc.Name), ".yaml")
	s.Name = l.o.Literal("name", base)
	if n := l.o.Get("name"); !validName(s.Name) {
		if n == nil {
			n = l.doc.Root
			n.Problem("the file's name %q is no name for a scenario: rename it, or add name: with a-z, 0-9 and -, of at most %d characters", base, maxName)
		} else if !n.Wrong() && len(s.Name) > maxName {
			n.Problem("the name has %d characters: the most is %d", utf8.RuneCountInString(s.Name), maxName)
		} else if !n.Wrong() {
			n.Problem("%q is no name for a scenario: use a-z, 0-9 and -", s.Name)
		}
	}
	s.Description = l.o.Literal("description", "")
	if n := l.o.Get("tags"); n != nil {
		for _, item := range n.List() {
			s.Tags = append(s.Tags, item.Literal())
		}
	}
}

func (l *loader) when(s *Scenario) {
	s.Every = l.o.Duration("every", 0)
	if n := l.o.Get("every"); n != nil && !n.Wrong() && (s.Every < time.Second || s.Every%time.Millisecond != 0) {
		n.Problem("the shortest interval is 1s, in whole milliseconds")
	}
	s.Cron = l.o.Literal("cron", "")
	if n := l.o.Get("cron"); n != nil && s.Cron != "" {
		if _, err := ParseCron(s.Cron); err != nil {
			n.Problem("%v; write minute, hour, day, month and weekday, as \"*/10 8-18 * * 1-5\"", err)
		}
		if l.o.Has("every") {
			n.Problem("either every or cron, not both")
		}
	}
	s.Timezone = time.UTC
	if n := l.o.Get("timezone"); n != nil {
		s.Timezone = zone(n)
		if !l.o.Has("cron") {
			n.Problem("timezone is for cron, which is not there")
		}
	}
	s.Timeout = l.o.Duration("timeout", time.Minute)
	if n := l.o.Get("timeout"); n != nil && !n.Wrong() && s.Timeout == 0 {
		n.Problem("a timeout is longer than 0s")
	}
	s.Retries = l.o.Int("retries", 1, 0)
	if n := l.o.Get("retries"); n != nil && s.Retries > 10 {
		n.Problem("more than 10 retries hide what is wrong")
	}
}

// page reads the page settings. What those of the configuration refer to is used by the file, too.
func (l *loader) page(s *Scenario) {
	for _, text := range l.env.Page.texts() {
		if err := l.doc.Names.Check(text); err != nil {
			l.doc.At(0, 0, "the page settings of agent.yaml: %v", err)
		}
	}
	s.PageSettings = DecodePage(l.o, l.env.Page)
}

func (l *loader) steps(s *Scenario) {
	n := l.o.Get("steps")
	if n == nil {
		return
	}
	before := len(l.problems())
	s.Steps = l.reader.Steps(n)
	if f := l.o.Get("finally"); f != nil {
		s.Finally = l.reader.Steps(f)
	}
	if len(l.problems()) > before {
		return // what is broken may have been the assertion
	}
	if !slices.ContainsFunc(s.Steps, steps.Step.Asserts) {
		n.Problem("no step asserts anything, so this flow passes whatever the site shows: add one, as `- expect: Thank you`")
	}
}

func (l *loader) judging(s *Scenario) {
	if n := l.o.Get("budgets"); n != nil {
		o := n.Object([]source.Field{{Key: "total"}})
		s.Budgets.Total = o.Duration("total", 0)
		if total := o.Get("total"); total != nil && !total.Wrong() && s.Budgets.Total == 0 {
			total.Problem("a budget is longer than 0s")
		}
	}
	s.Alert = AlertPolicy{After: 1, Recover: 1}
	n := l.o.Get("alert")
	if n == nil {
		return
	}
	o := n.Object(AlertFields())
	s.Alert.After, s.Alert.Recover = o.Int("after", 1, 1), o.Int("recover", 1, 1)
	if to := o.Get("to"); to != nil {
		s.Alert.To = l.reporters(to)
	}
}

func (l *loader) reporters(n *source.Node) []string {
	items := []*source.Node{n}
	if n.Kind == source.KindList {
		items = n.Items
	}
	names := []string{}
	for _, item := range items {
		name := item.Literal()
		if l.env.Reporters != nil && name != "" && !slices.Contains(l.env.Reporters, name) {
			item.Problem("there is no reporter %q in agent.yaml%s", name, source.DidYouMean(name, l.env.Reporters))
		}
		names = append(names, name)
	}
	return names
}

// browser checks that the browser exists and can play every step.
func (l *loader) browser(s *Scenario) {
	s.Browser = l.o.Literal("browser", "")
	if l.env.Browsers == nil {
		return
	}
	name := s.Browser
	if name == "" {
		name = l.env.Default
	}
	can, known := l.env.Browsers[name]
	if n := l.o.Get("browser"); !known && n != nil {
		n.Problem("there is no browser %q in agent.yaml%s", name, source.DidYouMean(name, sortedKeys(l.env.Browsers)))
		return
	}
	if !known {
		return
	}
	var told browser.Features
	for _, p := range l.o.Node.Pairs {
		if !slices.ContainsFunc(PageFields(), func(f source.Field) bool { return f.Key == p.Key }) {
			continue
		}
		if lacks := settingNeeds(p.Key) &^ can; lacks != 0 {
			l.doc.At(p.Line, p.Column, "the browser %q has no %s: it lacks %s%s", name, p.Key, lacks, instead(lacks))
			told |= lacks
		}
	}
	if lacks := s.needs() &^ can &^ told; lacks != 0 {
		l.doc.At(0, 0, "the browser %q lacks %s, which the page settings of agent.yaml want", name, lacks)
	}
	for step := range s.Leaves() {
		if lacks := step.Needs() &^ can; lacks != 0 {
			l.document(step.File).At(step.Line, 1, "the browser %q cannot play %q: it lacks %s%s", name, step.Name, lacks, instead(lacks))
		}
	}
}

// document gives the document of the file, or of a fragment that it uses.
func (l *loader) document(file string) *source.Document {
	if doc := l.reader.Document(file); doc != nil {
		return doc
	}
	return l.doc
}

// instead says what does much the same in a browser that lacks something.
func instead(lacks browser.Features) string {
	for _, cure := range []struct {
		feature browser.Features
		text    string
	}{
		{browser.FeatureTouch, "click does much the same with a mouse"},
		{browser.FeatureNetwork, "expect what the page shows when the answer is there"},
		{browser.FeatureDownloads, "save the link's address, as {as: link, attribute: href, …}, and expect that"},
	} {
		if lacks&cure.feature != 0 {
			return "; " + cure.text + ", or name another browser"
		}
	}
	return "; name another browser"
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
