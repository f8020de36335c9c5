package scenarios

import (
	"trackwalker/scenarios/source"
	"trackwalker/scenarios/steps"
)

// CheckFragment reads a fragment without a flow that uses it. What depends on the flow is not checked: names that the
// fragment does not define may be the flow's, and what a required parameter stands for is not known. The error is
// source.Problems when something is wrong with what the file, or a fragment that it uses, says.
func CheckFragment(path string, env Env) error {
	data, err := steps.ReadFile(path)
	if err != nil {
		return err
	}
	if problems := checkFragment(path, data, env); len(problems) > 0 {
		return problems
	}
	return nil
}

func checkFragment(name string, data []byte, env Env) source.Problems {
	doc := source.Parse(name, data)
	if doc.Root == nil {
		return doc.Problems()
	}
	names := source.NewNames()
	names.Open = true
	names.Vars, names.Secrets = env.Vars, env.Secrets
	r := steps.NewReader(doc)
	r.Fragment(doc, names, nil, nil)
	return append(doc.Problems(), r.Problems()...).Sorted()
}
