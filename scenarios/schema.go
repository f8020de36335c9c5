package scenarios

import (
	"encoding/json"
	"maps"

	"trackwalker/scenarios/source"
	"trackwalker/scenarios/steps"
)

// SchemaName is what the schema's file is called beside scenarios.
const SchemaName = "scenario.schema.json"

// Schema gives the JSON Schema of scenario files, made from the tables that the loader reads by.
func Schema() []byte {
	definitions := source.Definitions()
	maps.Copy(definitions, PageDefinitions())
	ref := func(name string) map[string]any {
		return map[string]any{"$ref": "#/definitions/" + source.DefinitionName(name)}
	}
	list := func(name string) map[string]any { return map[string]any{"type": "array", "items": ref(name)} }
	either := func(all ...any) map[string]any { return map[string]any{"anyOf": all} }
	definitions["role"] = either(map[string]any{"enum": steps.Roles()}, ref("reference"))
	definitions["locator"] = either(ref("text"), source.SchemaOf(steps.LocatorFields()))
	definitions["locators"] = list("locator")
	definitions["frames"] = either(ref("locator"), list("locator"))
	definitions["cookies"] = list("cookie")
	definitions["cookie"] = source.SchemaOf(steps.CookieFields())
	definitions["params"] = map[string]any{"type": "object", "additionalProperties": either(ref("text"), map[string]any{"type": "null"})}
	definitions["point"] = map[string]any{"type": "array", "items": map[string]any{"type": "number"}, "minItems": 2, "maxItems": 2}
	definitions["modifiers"] = map[string]any{"type": "array", "items": map[string]any{"enum": []string{"Alt", "Control", "Meta", "Shift"}}}
	definitions["count"] = either(ref("integer"), source.SchemaOf([]source.Field{{Key: "min", Type: "integer"}, {Key: "max", Type: "integer"}}))
	definitions["text_condition"] = either(ref("text"), source.SchemaOf([]source.Field{
		{Key: "contains", Type: "text"}, {Key: "equals", Type: "text"}, {Key: "matches", Type: "regexp"},
	}))
	definitions["console"] = either(map[string]any{"enum": []string{"clean"}}, source.SchemaOf([]source.Field{
		{Key: "clean", Type: "boolean", Required: true}, {Key: "ignore", Type: "texts"},
	}))
	definitions["budgets"] = source.SchemaOf([]source.Field{{Key: "total", Type: "duration"}})
	definitions["alert"] = source.SchemaOf(AlertFields())
	definitions["step"] = stepSchema(ref)
	definitions["steps"] = list("step")
	schema := source.SchemaOf(FileFields())
	asFragment(schema)
	schema["$schema"] = "http://json-schema.org/draft-07/schema#"
	schema["title"] = "A Trackwalker scenario"
	schema["definitions"] = definitions
	text, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		panic(err) // plain maps and strings: it cannot fail
	}
	return append(text, '\n')
}

// asFragment lets the schema of a flow take fragments too, so that an editor can use one for all files of a folder: a file with
// params has no other key of a flow than those that a fragment has.
func asFragment(schema map[string]any) {
	fragment := source.SchemaOf(steps.FragmentFields())["properties"].(map[string]any)
	schema["properties"].(map[string]any)["params"] = fragment["params"]
	schema["if"] = map[string]any{"required": []string{"params"}}
	schema["then"] = map[string]any{"propertyNames": map[string]any{"enum": sortedKeys(fragment)}}
}

// stepSchema is a kind that stands alone, or a map with one kind and any of the common keys.
func stepSchema(ref func(string) map[string]any) map[string]any {
	var bare []string
	properties := source.SchemaOf(steps.CommonFields())["properties"].(map[string]any)
	var oneKind []any
	for _, kind := range steps.Table() {
		properties[kind.Name] = kindSchema(kind, ref)
		oneKind = append(oneKind, map[string]any{"required": []string{kind.Name}})
		if kind.Bare {
			bare = append(bare, kind.Name)
		}
	}
	return map[string]any{"anyOf": []any{
		map[string]any{"enum": bare},
		map[string]any{"type": "object", "properties": properties, "additionalProperties": false, "oneOf": oneKind},
	}}
}

func kindSchema(kind steps.Kind, ref func(string) map[string]any) map[string]any {
	var shapes []any
	if kind.Plain != "" {
		shapes = append(shapes, ref("text"))
	}
	switch {
	case kind.AnyKeys:
		shapes = append(shapes, ref("texts by name"))
	case kind.Fields != nil:
		shapes = append(shapes, source.SchemaOf(kind.Fields))
	}
	if kind.Bare {
		shapes = append(shapes, map[string]any{"type": "null"})
	}
	return map[string]any{"anyOf": shapes, "description": kind.Doc}
}
