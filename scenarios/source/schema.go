package source

import (
	"regexp"
	"strings"
)

// SchemaOf gives the JSON Schema (draft-07, which editors know best) of a map with those fields. A Field's Type is the name
// of a definition: one of Definitions, or one that the caller adds under definitions of the whole schema.
func SchemaOf(fields []Field) map[string]any {
	properties := map[string]any{}
	var required []string
	for _, f := range fields {
		p := typeSchema(f.Type)
		if f.Doc != "" {
			// A reference's siblings are not read in draft-07: the description goes around it.
			p = map[string]any{"allOf": []any{p}, "description": strings.ReplaceAll(f.Doc, "`", "")}
		}
		properties[f.Key] = p
		if f.Required {
			required = append(required, f.Key)
		}
	}
	schema := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
	if required != nil {
		schema["required"] = required
	}
	return schema
}

func typeSchema(name string) map[string]any {
	if words := strings.Split(name, "|"); len(words) > 1 {
		return map[string]any{"anyOf": []any{map[string]any{"enum": words}, definition("reference")}}
	}
	return definition(name)
}

func definition(name string) map[string]any {
	return map[string]any{"$ref": "#/definitions/" + DefinitionName(name)}
}

// DefinitionName gives the key of a type among the definitions.
func DefinitionName(name string) string {
	return regexp.MustCompile(`[^A-Za-z0-9]+`).ReplaceAllString(name, "_")
}

// Definitions gives the schemas of the types that files of every sort share, by DefinitionName.
func Definitions() map[string]any {
	text := map[string]any{"type": []string{"string", "number", "boolean"}}
	return map[string]any{
		"text":          text,
		"texts":         anyOf(definition("text"), listOf(definition("text"))),
		"texts_by_name": map[string]any{"type": "object", "additionalProperties": definition("text")},
		"reference":     map[string]any{"type": "string", "pattern": `\$\{[^}]+\}`},
		"boolean":       anyOf(map[string]any{"type": "boolean"}, definition("reference")),
		"integer":       anyOf(map[string]any{"type": "integer"}, definition("reference")),
		"number":        anyOf(map[string]any{"type": "number"}, definition("reference")),
		"integers":      anyOf(definition("integer"), listOf(definition("integer"))),
		"duration":      anyOf(map[string]any{"type": "string", "pattern": `^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h|d))+$`}, definition("reference")),
		"regexp":        map[string]any{"type": "string", "minLength": 1},
		"map":           map[string]any{"type": "object"},
		"secret":        SchemaOf(SecretFields()),
		"secrets":       map[string]any{"type": "object", "additionalProperties": definition("secret")},
	}
}

func anyOf(all ...any) map[string]any { return map[string]any{"anyOf": all} }

func listOf(item any) map[string]any { return map[string]any{"type": "array", "items": item} }
