package webhook_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"trackwalker/reporters/incident"
	"trackwalker/reporters/webhook"
)

const schemaFile = "../../docs/webhook.schema.json"

// TestSchemaIsFresh makes docs/webhook.schema.json of the Go types of the document, and of their comments.
func TestSchemaIsFresh(t *testing.T) {
	s := schema{comments(t, "document.go")}
	whole := s.of(reflect.TypeFor[webhook.Document]())
	whole["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	whole["title"] = "What Trackwalker's webhook posts"
	want, err := json.MarshalIndent(whole, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *update {
		if err := os.WriteFile(schemaFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), string(want)); diff != "" {
		t.Errorf("%s is older than the types: go test ./reporters/webhook -update\n%s", schemaFile, diff)
	}
}

// TestSchemaHoldsForWhatIsPosted tries the schema on every golden, and on what is wrong.
func TestSchemaHoldsForWhatIsPosted(t *testing.T) {
	compiled, err := jsonschema.NewCompiler().Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	goldens, err := filepath.Glob("testdata/*.golden.json")
	if err != nil || len(goldens) == 0 {
		t.Fatal(goldens, err)
	}
	for _, file := range goldens {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for change, right := range map[[2]string]bool{
			{"", ""}:                                 true,
			{`"version": 1`, `"version": "one"`}:     false,
			{`"scenario": `, `"flow": `}:             false,
			{`"event": "`, `"event": "un`}:           false,
			{`"runs": 2`, `"runs": 2, "added": "x"`}: true, // the format is extended by adding
		} {
			changed := bytes.ReplaceAll(text, []byte(change[0]), []byte(change[1]))
			if change[0] == "" {
				changed = text
			}
			v, err := jsonschema.UnmarshalJSON(bytes.NewReader(changed))
			if err != nil {
				t.Fatal(err)
			}
			if err := compiled.Validate(v); (err == nil) != right {
				t.Errorf("%s with %v: %v", file, change, err)
			}
		}
	}
}

// schema makes JSON Schemas of Go types. comments holds what stands beside Type.Field, and above Type.
type schema struct{ comments map[string]string }

func (s schema) of(t reflect.Type) map[string]any {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case t == reflect.TypeFor[incident.EventKind]():
		return map[string]any{"enum": []incident.EventKind{incident.Opened, incident.Resolved}}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return map[string]any{"type": "integer"}
	case reflect.Struct:
		return s.object(t)
	default:
		panic("no schema of a " + t.String())
	}
}

func (s schema) object(t reflect.Type) map[string]any {
	properties := map[string]any{}
	var required []string
	for f := range t.Fields() {
		key, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		p := s.of(f.Type)
		if doc := s.comments[t.Name()+"."+f.Name]; doc != "" {
			p["description"] = doc
		}
		properties[key] = p
		if !strings.Contains(options, "omit") {
			required = append(required, key)
		}
	}
	return map[string]any{
		"type": "object", "description": s.comments[t.Name()], "properties": properties, "required": required,
	}
}

func comments(t *testing.T, file string) map[string]string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	ast.Inspect(parsed, func(n ast.Node) bool {
		d, ok := n.(*ast.GenDecl)
		if !ok || d.Tok != token.TYPE {
			return true
		}
		name := d.Specs[0].(*ast.TypeSpec)
		all[name.Name.Name] = strings.Join(strings.Fields(d.Doc.Text()), " ")
		for _, f := range name.Type.(*ast.StructType).Fields.List {
			all[name.Name.Name+"."+f.Names[0].Name] = strings.TrimSpace(f.Comment.Text())
		}
		return false
	})
	return all
}
