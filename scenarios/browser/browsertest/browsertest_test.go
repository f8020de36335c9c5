package browsertest_test

import (
	"testing"

	"go.uber.org/goleak"

	"trackwalker/scenarios/browser/browsertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestFake(t *testing.T) {
	f := &browsertest.Fake{}
	browsertest.RunPort(t, f)
	if now, ever := f.OpenSessions(); now != 0 || ever == 0 {
		t.Errorf("of %d sessions %d are open", ever, now)
	}
}

func TestBareFake(t *testing.T) { browsertest.RunPort(t, &browsertest.Fake{Bare: true}) }
