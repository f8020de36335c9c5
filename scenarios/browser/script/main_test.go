package main

import (
	"bytes"
	"os"
	"testing"
)

func TestPageScriptIsFresh(t *testing.T) {
	want, err := Bundle(".")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("page.js")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Fatal("page.js is older than its sources: run `go generate ./scenarios/browser`")
	}
}
