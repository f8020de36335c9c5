package config

import (
	"encoding/json"
	"maps"

	"trackwalker/scenarios"
	"trackwalker/scenarios/source"
)

// SchemaName is what the schema's file is called beside agent.yaml.
const SchemaName = "agent.schema.json"

// Schema gives the JSON Schema of agent.yaml, made from the tables that Load reads by.
func Schema() []byte {
	definitions := source.Definitions()
	byName := func(fields []source.Field) map[string]any {
		return map[string]any{"type": "object", "additionalProperties": source.SchemaOf(fields)}
	}
	maps.Copy(definitions, scenarios.PageDefinitions())
	definitions["value"] = map[string]any{"anyOf": []any{map[string]any{"$ref": "#/definitions/text"}, map[string]any{"$ref": "#/definitions/secret"}}}
	definitions["browsers"] = byName(BrowserFields())
	definitions["reporters"] = byName(ReporterFields())
	definitions["retention"] = source.SchemaOf(RetentionFields())
	schema := source.SchemaOf(Fields())
	schema["$schema"] = "http://json-schema.org/draft-07/schema#"
	schema["title"] = "The configuration of a Trackwalker agent"
	schema["definitions"] = definitions
	text, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		panic(err) // plain maps and strings: it cannot fail
	}
	return append(text, '\n')
}
