package scenarios_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"trackwalker/scenarios"
	"trackwalker/scenarios/steps"
)

// compileSchema reads the schema as an editor does.
func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(scenarios.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("scenario.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("scenario.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// asEditor gives YAML as an editor hands it to the schema.
func asEditor(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestSchemaTakesWhatTheLoaderTakes(t *testing.T) {
	schema := compileSchema(t)
	texts := map[string]string{}
	beside := &txtar.Archive{}
	for _, kind := range steps.Table() {
		if kind.Example == "" {
			t.Errorf("%s has no example", kind.Name)
		}
		texts["example of "+kind.Name] = "steps:\n" + kind.Example + "\n- expect: x\n"
		for name, text := range kind.Files {
			beside.Files = append(beside.Files, txtar.File{Name: name, Data: []byte(text)})
		}
	}
	files, err := filepath.Glob("examples/flows/*.yaml")
	if err != nil || len(files) < 3 {
		t.Fatalf("bundled flows: %v %v", files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[file] = string(data)
	}
	inFolder(t, beside)
	for name, text := range texts {
		if _, problems := scenarios.Load("flow.yaml", []byte(text), env()); len(problems) > 0 {
			t.Errorf("%s: the loader refuses it:\n%v", name, problems)
		}
		if err := schema.Validate(asEditor(t, text)); err != nil {
			t.Errorf("%s: the schema refuses it: %v", name, err)
		}
	}
}

func TestSchemaRefusesMistakes(t *testing.T) {
	schema := compileSchema(t)
	for name, text := range map[string]string{
		"an unknown key":         "nme: x\nsteps:\n- expect: x\n",
		"an unknown step":        "steps:\n- clik: x\n",
		"an unknown locator key": "steps:\n- click: {txt: x}\n",
		"a number for a time":    "every: 5\nsteps:\n- expect: x\n",
		"two kinds":              "steps:\n- click: x\n  expect: y\n",
		"no steps":               "name: x\n",
		"a role that is none":    "steps:\n- click: {role: buton}\n",
		"a fragment's every":     "params: {a: }\nevery: 5m\nsteps:\n- expect: x\n",
		"a device of none":       "device: [x]\nsteps:\n- expect: x\n",
		"a cookie's typo":        "steps:\n- cookies: {set: [{nme: a, value: b}]}\n",
		"a group without steps":  "steps:\n- group: {name: x}\n",
		"a mistake in a group":   "steps:\n- group: {name: x, steps: [{clik: x}]}\n",
		"a word for a boolean":   "steps:\n- expect: {css: a, visible: maybe}\n",
	} {
		if err := schema.Validate(asEditor(t, text)); err == nil {
			t.Errorf("%s: the schema takes it", name)
		}
	}
}

// TestSchemaTakesFragments: an editor has one schema for all files of a folder.
func TestSchemaTakesFragments(t *testing.T) {
	schema := compileSchema(t)
	for _, text := range []string{
		"steps:\n- click: x\n", "description: x\nparams:\n  a:\n  b: 1\nsteps:\n- click: {text: x, frame: [{css: a}, b]}\n  frame: c\n",
		"steps:\n- wait: {load: idle}\n- scroll: {by: -600.5}\n- dialog: {accept: true}\n- tab: close\n- upload: {label: a, files: [b, c]}\n",
	} {
		if err := schema.Validate(asEditor(t, text)); err != nil {
			t.Errorf("%s: the schema refuses it: %v", text, err)
		}
	}
}
