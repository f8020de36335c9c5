package discord_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"trackwalker/reporters"
	"trackwalker/reporters/discord"
	"trackwalker/reporters/reportertest"
)

var update = flag.Bool("update", false, "write the golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func reporter(t *testing.T, url string) *discord.Reporter {
	t.Helper()
	r, err := discord.New(discord.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReporter(t *testing.T) {
	reportertest.Run(t, reportertest.Target{
		Open: func(t *testing.T) (reportertest.Place, func() reporters.Reporter) {
			d := reportertest.NewDiscord(t)
			return d, func() reporters.Reporter { return reporter(t, d.URL()) }
		},
		Edits: true, Twice: true, Pictures: true,
		Forbidden: reportertest.Fault{Status: 404},
		Says: func(s reportertest.Said, n reporters.Notice) bool {
			return s.Text == reporters.Compose(n).Headline
		},
	})
}

func TestGolden(t *testing.T) {
	all := reportertest.Goldens()
	picture := all["open"]
	picture.Picture = reportertest.Picture("PNG")
	all["picture"] = picture
	for name, n := range all {
		d := reportertest.NewDiscord(t)
		if _, err := reporter(t, d.URL()).Report(context.Background(), n, nil); err != nil {
			t.Fatal(err)
		}
		reportertest.GoldenJSON(t, name+".golden.json", payload(t, d.Requests()[0]), *update)
	}
}

// payload is the JSON of a request, which stands in a form when a picture comes with it.
func payload(t *testing.T, r reportertest.Request) []byte {
	t.Helper()
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if media == "application/json" {
		return r.Body
	}
	form, err := multipart.NewReader(bytes.NewReader(r.Body), params["boundary"]).ReadForm(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(form.Value["payload_json"][0])
}

// TestAMessageThatIsDeleted: the next change is told in a new one.
func TestAMessageThatIsDeleted(t *testing.T) {
	d := reportertest.NewDiscord(t)
	r := reporter(t, d.URL())
	open := reportertest.Opened("0193")
	memory, err := r.Report(context.Background(), open, nil)
	if err != nil {
		t.Fatal(err)
	}
	d.Delete()
	if _, err := r.Report(context.Background(), reportertest.Resolved(open), memory); err != nil {
		t.Fatal(err)
	}
	if said := d.Said(); len(said) != 1 || !strings.Contains(said[0].Text, "works again") {
		t.Errorf("people see %+v", said)
	}
}

// TestWithoutItsLayout: people are told also when Discord takes no embed of ours.
func TestWithoutItsLayout(t *testing.T) {
	d := reportertest.NewDiscord(t)
	d.RefuseEmbeds()
	open := reportertest.Opened("0193")
	if _, err := reporter(t, d.URL()).Report(context.Background(), open, nil); err != nil {
		t.Fatal(err)
	}
	if said := d.Said(); len(said) != 1 || said[0].Text != open.Summary() {
		t.Errorf("people see %+v", said)
	}
}

// TestAPictureThatIsTooLarge: the message is told without, and that is said once.
func TestAPictureThatIsTooLarge(t *testing.T) {
	d := reportertest.NewDiscord(t)
	d.Script(func(r reportertest.Request) reportertest.Fault {
		if r.N == 1 {
			return reportertest.Fault{Status: http.StatusRequestEntityTooLarge}
		}
		return reportertest.Fault{}
	})
	r := reporter(t, d.URL())
	open := reportertest.Opened("0193")
	open.Picture = reportertest.Picture("PNG")
	memory, err := r.Report(context.Background(), open, nil)
	if err == nil || errors.As(err, new(*reporters.Permanent)) || !strings.Contains(err.Error(), "without its picture") {
		t.Errorf("got %v", err)
	}
	if said := d.Said(); len(said) != 1 || said[0].Pictures != 0 {
		t.Errorf("people see %+v", said)
	}
	if _, err := r.Report(context.Background(), open, memory); err != nil || len(d.Requests()) != 2 {
		t.Errorf("a repeat: %v, %d requests", err, len(d.Requests()))
	}
}

func TestNobodyIsCalled(t *testing.T) {
	d := reportertest.NewDiscord(t)
	open := reportertest.Opened("0193")
	open.Incident.First.Failure.Message = "@everyone <@1> <@&2> [click](https://evil.example)"
	memory, err := reporter(t, d.URL()).Report(context.Background(), open, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reporter(t, d.URL()).Report(context.Background(), reportertest.Resolved(open), memory); err != nil {
		t.Fatal(err)
	}
	for _, r := range d.Requests() {
		var m struct {
			Mentions map[string]json.RawMessage `json:"allowed_mentions"`
		}
		if err := json.Unmarshal(r.Body, &m); err != nil || string(m.Mentions["parse"]) != "[]" || len(m.Mentions) != 1 {
			t.Errorf("%s may call %v", r.Method, m.Mentions)
		}
	}
}

func TestCheckAndSecrets(t *testing.T) {
	d := reportertest.NewDiscord(t)
	if f := reporter(t, d.URL()).Check(context.Background()); len(f) != 1 || !f[0].OK || !strings.Contains(f[0].Message, "Trackwalker") {
		t.Errorf("found %+v", f)
	}
	f := reporter(t, d.URL()+"x").Check(context.Background())
	if f[0].OK || !strings.Contains(f[0].Hint, "Integrations") || strings.Contains(f[0].Message, d.Secret()) {
		t.Errorf("found %+v", f)
	}
	d.Script(func(reportertest.Request) reportertest.Fault {
		return reportertest.Fault{Status: 401, Body: "no rights at /api/webhooks/1042/" + d.Secret()}
	})
	_, err := reporter(t, d.URL()).Report(context.Background(), reportertest.Opened("0193"), nil)
	if !errors.As(err, new(*reporters.Permanent)) || strings.Contains(err.Error(), d.Secret()) {
		t.Errorf("got %v", err)
	}
	if _, err := discord.New(discord.Config{URL: d.Secret()}); err == nil || strings.Contains(err.Error(), d.Secret()) {
		t.Errorf("got %v", err)
	}
}
