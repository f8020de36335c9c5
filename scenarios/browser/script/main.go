// Command script makes page.js, the script that Page injects into every document, from the modules in src and the
// libraries in lib. `go generate ./scenarios/browser` calls it.
//
// The libraries are kept in lib with their licences, so that building and testing need neither Node nor a network.
// With -fetch they are fetched anew from an npm registry, by exact version and checksum.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/evanw/esbuild/pkg/api"
)

func main() {
	dir := flag.String("dir", "script", "the folder with src and lib; page.js is written there")
	fetch := flag.String("fetch", "", "base URL of an npm registry: fetch the libraries from it first")
	flag.Parse()
	if err := run(*dir, *fetch); err != nil {
		fmt.Fprintln(os.Stderr, "script:", err)
		os.Exit(1)
	}
}

func run(dir, registry string) error {
	if registry != "" {
		for _, l := range libraries() {
			if err := l.fetch(registry, filepath.Join(dir, "lib")); err != nil {
				return err
			}
		}
	}
	bundle, err := Bundle(dir)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "page.js"), bundle, 0o644)
}

// Bundle gives the one script that src/main.js and all it imports make.
func Bundle(dir string) ([]byte, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	alias := map[string]string{}
	for _, l := range libraries() {
		alias[l.name] = filepath.Join(abs, "lib", l.name, l.entry)
	}
	result := api.Build(api.BuildOptions{
		AbsWorkingDir:     abs,
		EntryPoints:       []string{"src/main.js"},
		Bundle:            true,
		Format:            api.FormatIIFE,
		Target:            api.ES2022,
		Alias:             alias,
		MinifyWhitespace:  true,
		MinifySyntax:      true,
		MinifyIdentifiers: true,
		Charset:           api.CharsetASCII,
		LegalComments:     api.LegalCommentsInline,
		Banner:            map[string]string{"js": "/* Made by go generate from src and lib; do not edit. Holds dom-accessibility-api, MIT licence: see lib. */"},
	})
	if len(result.Errors) > 0 {
		messages := api.FormatMessages(result.Errors, api.FormatMessagesOptions{})
		return nil, fmt.Errorf("bundling %s: %s", dir, messages)
	}
	return result.OutputFiles[0].Contents, nil
}
