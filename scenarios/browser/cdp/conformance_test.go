package cdp_test

import (
	"testing"

	"trackwalker/scenarios/browser/browsertest"
	"trackwalker/scenarios/browser/cdp"
)

func TestConformance(t *testing.T) {
	d := cdp.New(cdp.Config{ProfileDir: t.TempDir()})
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	browsertest.Run(t, d)
}
