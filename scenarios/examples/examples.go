// Package examples holds the scenario files that `init` and `demo` write and the tests play. The shop that they play on is
// in shop.
package examples

import (
	"embed"
	"strings"
	"text/template"
)

//go:embed flows/*.yaml
var flows embed.FS

//go:embed agent.yaml
var demoAgent string

//go:embed init/agent.yaml.tmpl
var agentTemplate string

//go:embed init/first.yaml.tmpl
var firstTemplate string

// Flows gives the bundled flows for the demo shop, by file name. They want a var base: the shop's URL.
func Flows() (map[string]string, error) {
	entries, err := flows.ReadDir("flows")
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, e := range entries {
		text, err := flows.ReadFile("flows/" + e.Name())
		if err != nil {
			return nil, err
		}
		all[e.Name()] = string(text)
	}
	return all, nil
}

// DemoAgentFile gives the agent.yaml that plays the bundled flows on the demo shop.
func DemoAgentFile() string { return demoAgent }

// AgentFile gives the agent.yaml that `init` writes. asRoot turns the browser's sandbox off, as it must be for root.
func AgentFile(asRoot bool) string {
	return fill(agentTemplate, struct{ Root bool }{asRoot})
}

// FirstScenario gives the first scenario that `init` writes, for a site at url.
func FirstScenario(name, url string) string {
	return fill(firstTemplate, struct{ Name, URL string }{name, url})
}

func fill(text string, data any) string {
	var b strings.Builder
	if err := template.Must(template.New("").Parse(text)).Execute(&b, data); err != nil {
		panic(err) // the templates are part of the program, and tested
	}
	return b.String()
}
