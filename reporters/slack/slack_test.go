package slack_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"trackwalker/reporters"
	"trackwalker/reporters/reportertest"
	"trackwalker/reporters/slack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func config(s *reportertest.Slack) slack.Config {
	return slack.Config{Token: s.Token(), Channel: "#alerts", APIURL: s.URL()}
}

func TestReporter(t *testing.T) {
	for name, change := range map[string]func(*slack.Config){
		"by the channel's name": func(*slack.Config) {},
		"by the channel's ID":   func(c *slack.Config) { c.Channel = "C0ALERTS01" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reportertest.Run(t, reportertest.Target{
				Open: func(t *testing.T) (reportertest.Place, func() reporters.Reporter) {
					s := reportertest.NewSlack(t)
					c := config(s)
					change(&c)
					return s, func() reporters.Reporter { return slack.New(c) }
				},
				Edits: true, Pictures: true,
				Forbidden: reportertest.Fault{Error: "invalid_auth"},
			})
		})
	}
}

// agent calls as one does, and keeps the memory.
type agent struct {
	t      *testing.T
	r      reporters.Reporter
	memory json.RawMessage
}

func newAgent(t *testing.T, c slack.Config) *agent { return &agent{t: t, r: slack.New(c)} }

func (a *agent) call(n reporters.Notice) error {
	var err error
	a.memory, err = reporters.Finish(context.Background(), a.r, n, a.memory)
	return err
}

func (a *agent) must(n reporters.Notice) {
	a.t.Helper()
	if err := a.call(n); err != nil {
		a.t.Fatal(err)
	}
}

func methods(s *reportertest.Slack) []string {
	var all []string
	for _, r := range s.Requests() {
		all = append(all, r.Method)
	}
	return all
}

func count(s *reportertest.Slack, method string) int {
	n := 0
	for _, m := range methods(s) {
		if m == method {
			n++
		}
	}
	return n
}

func only(t *testing.T, s *reportertest.Slack) reportertest.Message {
	t.Helper()
	all := s.Messages("#alerts")
	if len(all) != 1 {
		t.Fatalf("%d messages: %+v", len(all), all)
	}
	return all[0]
}

func TestTextComesBeforeThePicture(t *testing.T) {
	s := reportertest.NewSlack(t)
	a := newAgent(t, config(s))
	n := reportertest.Opened("i1")
	n.Picture = reportertest.Picture("PNG")
	s.Script(func(r reportertest.Request) reportertest.Fault {
		if r.Method == "files.getUploadURLExternal" {
			if said := s.Said(); len(said) != 1 || said[0].Text != n.Summary() {
				t.Errorf("before the upload people see %+v", said)
			}
		}
		return reportertest.Fault{}
	})
	a.must(n)
	want := "conversations.list conversations.history chat.postMessage " +
		"files.getUploadURLExternal upload files.completeUploadExternal files.info chat.update"
	if got := strings.Join(methods(s), " "); got != want {
		t.Errorf("requests: %s\nwanted:   %s", got, want)
	}
	if m := only(t, s); len(m.Images) != 1 || string(m.Images[0].Data) != "PNG" || m.Images[0].Name != "checkout-failure.png" {
		t.Errorf("images: %+v", m.Images)
	}
}

func TestPictureThatTakesTime(t *testing.T) {
	for name, scopes := range map[string][]string{
		"asked for": nil,
		"tried":     {"files:read"}, // revoked: Slack's refusal says that it is not ready
	} {
		t.Run(name, func(t *testing.T) {
			s := reportertest.NewSlack(t)
			s.SetPictureDelay(1)
			s.Revoke(scopes...)
			n := reportertest.Opened("i1")
			n.Picture = reportertest.Picture("PNG")
			newAgent(t, config(s)).must(n)
			if m := only(t, s); len(m.Images) != 1 {
				t.Errorf("images: %+v", m.Images)
			}
		})
	}
}

func TestPictureThatIsNeverReady(t *testing.T) {
	s := reportertest.NewSlack(t)
	s.SetPictureDelay(1 << 30)
	c := config(s)
	c.PictureWait = time.Millisecond
	a := newAgent(t, c)
	n := reportertest.Opened("i1")
	n.Picture = reportertest.Picture("PNG")
	failures := 0
	for a.call(n) != nil {
		failures++
	}
	if failures != 3 || count(s, "upload") != 1 {
		t.Errorf("%d failures, %d uploads", failures, count(s, "upload"))
	}
	if m := only(t, s); m.Text != n.Summary() || len(m.Images) != 0 {
		t.Errorf("people see %+v", m)
	}
}

func TestPictureIsTriedAgainByALaterCall(t *testing.T) {
	for _, method := range []string{"files.getUploadURLExternal", "upload", "files.completeUploadExternal", "files.info"} {
		t.Run(method, func(t *testing.T) {
			s := reportertest.NewSlack(t)
			a := newAgent(t, config(s))
			n := reportertest.Opened("i1")
			n.Picture = reportertest.Picture("PNG")
			s.Script(func(r reportertest.Request) reportertest.Fault {
				if r.Method == method {
					return reportertest.Fault{Status: 500}
				}
				return reportertest.Fault{}
			})
			if err := a.call(n); err == nil {
				t.Fatal("no error, so that nobody would call again")
			}
			s.Script(nil)
			over := reportertest.Resolved(n)
			a.must(over)
			if m := only(t, s); len(m.Images) != 1 || m.Text != over.Summary() || len(m.Replies) != 1 {
				t.Errorf("people see %+v", m)
			}
		})
	}
}

func TestPictureWithoutTheScope(t *testing.T) {
	s := reportertest.NewSlack(t)
	s.Revoke("files:write")
	a := newAgent(t, config(s))
	n := reportertest.Opened("i1")
	n.Picture = reportertest.Picture("PNG")
	err := a.call(n)
	if err == nil || errors.As(err, new(*reporters.Permanent)) || !strings.Contains(err.Error(), "files:write") {
		t.Errorf("got %v", err)
	}
	a.must(n)
	if n := count(s, "files.getUploadURLExternal"); n != 1 {
		t.Errorf("asked %d times for what it may not do", n)
	}
}

func TestPictureThatWasDeletedInSlack(t *testing.T) {
	s := reportertest.NewSlack(t)
	a := newAgent(t, config(s))
	n := reportertest.Opened("i1")
	n.Picture = reportertest.Picture("PNG")
	a.must(n)
	a.memory = json.RawMessage(strings.Replace(string(a.memory), "F0PICTURE1", "F0GONE", 1))
	over := reportertest.Resolved(n)
	a.must(over)
	if m := only(t, s); m.Text != over.Summary() || m.Body == "" {
		t.Errorf("people see %+v", m)
	}
}

func TestBlocksThatSlackRefuses(t *testing.T) {
	s := reportertest.NewSlack(t)
	a := newAgent(t, config(s))
	n := reportertest.Opened("i1")
	s.Script(func(r reportertest.Request) reportertest.Fault {
		if strings.Contains(string(r.Body), "blocks=%5B%7B") {
			return reportertest.Fault{Error: "invalid_blocks"}
		}
		return reportertest.Fault{}
	})
	a.must(n)
	if m := only(t, s); m.Text != n.Summary() || m.Body != "" {
		t.Errorf("people see %+v", m)
	}
	a.must(reportertest.Resolved(n))
	if m := only(t, s); m.Text != reportertest.Resolved(n).Summary() || len(m.Replies) != 1 {
		t.Errorf("people see %+v", m)
	}
}

func TestMessageThatWasDeleted(t *testing.T) {
	s := reportertest.NewSlack(t)
	a := newAgent(t, config(s))
	n := reportertest.Opened("i1")
	n.Picture = reportertest.Picture("PNG")
	a.must(n)
	s.Delete("#alerts", only(t, s).TS)
	over := reportertest.Resolved(n)
	a.must(over)
	m := only(t, s)
	if m.Text != over.Summary() || len(m.Replies) != 0 || len(m.Images) != 1 || count(s, "upload") != 1 {
		t.Errorf("people see %+v", m)
	}
	a.must(over)
}

func TestMessageThatIsDeletedBeforeTheReply(t *testing.T) {
	s := reportertest.NewSlack(t)
	a := newAgent(t, config(s))
	n := reportertest.Opened("i1")
	a.must(n)
	ts := only(t, s).TS
	s.Script(func(r reportertest.Request) reportertest.Fault {
		if r.Method == "conversations.replies" {
			s.Delete("#alerts", ts)
		}
		return reportertest.Fault{}
	})
	over := reportertest.Resolved(n)
	a.must(over)
	a.must(over)
	if all := s.Messages("#alerts"); len(all) != 0 {
		t.Errorf("people see %+v", all)
	}
}

// A message of another app, as after a change of the token, can be found and not be changed.
func TestMessageThatIsNotOurs(t *testing.T) {
	s := reportertest.NewSlack(t)
	a := newAgent(t, config(s))
	n := reportertest.Opened("i1")
	a.must(n)
	old := only(t, s).TS
	s.Script(func(r reportertest.Request) reportertest.Fault {
		if r.Method == "chat.update" && strings.Contains(string(r.Body), old) {
			return reportertest.Fault{Error: "cant_update_message"}
		}
		return reportertest.Fault{}
	})
	over := reportertest.Resolved(n)
	a.must(over)
	a.memory = nil
	a.must(over)
	if all := s.Messages("#alerts"); len(all) != 2 || all[1].Text != over.Summary() || len(all[1].Replies) != 0 {
		t.Errorf("people see %+v", all)
	}
}

func TestOneAmongMany(t *testing.T) {
	s := reportertest.NewSlack(t)
	for i := range 5 {
		s.AddChannel(reportertest.Channel{ID: fmt.Sprintf("C0OTHER%d", i), Name: fmt.Sprintf("other-%d", i)})
	}
	s.AddChannel(reportertest.Channel{ID: "C0LAST001", Name: "last"})
	c := config(s)
	c.Channel = "#last"
	n := reportertest.Opened("i1")
	newAgent(t, c).must(n)
	for i := range 20 {
		s.Chat("#last", fmt.Sprintf("what is wrong with checkout? %d", i))
	}
	other := reportertest.Opened("i2")
	newAgent(t, c).must(other)
	s.SetPageSize(3)

	a := newAgent(t, c) // remembers nothing
	a.must(reportertest.Resolved(n))
	all := s.Messages("#last")
	if len(all) != 22 || all[0].Text != reportertest.Resolved(n).Summary() || len(all[0].Replies) != 1 || all[21].Edits != 0 {
		t.Errorf("people see %d messages: %+v", len(all), all)
	}
}

func TestTokenThatMayNotLook(t *testing.T) {
	for _, scopes := range [][]string{
		{"channels:history", "groups:history"},
		{"channels:read", "groups:read"},
		{"channels:history", "groups:history", "channels:read", "groups:read"},
	} {
		t.Run(strings.Join(scopes, " "), func(t *testing.T) {
			s := reportertest.NewSlack(t)
			s.Revoke(scopes...)
			a := newAgent(t, config(s))
			n := reportertest.Opened("i1")
			a.must(n)
			over := reportertest.Resolved(n)
			a.must(over)
			if m := only(t, s); m.Text != over.Summary() || len(m.Replies) != 1 {
				t.Errorf("people see %+v", m)
			}
		})
	}
}

func TestPrivateChannel(t *testing.T) {
	s := reportertest.NewSlack(t)
	s.AddChannel(reportertest.Channel{ID: "C0SECRET1", Name: "secret", Private: true})
	s.Revoke("channels:history")
	c := config(s)
	c.Channel = "secret"
	n := reportertest.Opened("i1")
	newAgent(t, c).must(n)
	newAgent(t, c).must(n)
	if all := s.Messages("secret"); len(all) != 1 {
		t.Errorf("people see %+v", all)
	}
	s.Revoke("groups:read") // then it is found by its ID alone
	c.Channel = "C0SECRET1"
	newAgent(t, c).must(n)
	if all := s.Messages("secret"); len(all) != 1 {
		t.Errorf("people see %+v", all)
	}
}

// A history that stays broken must not keep the news from people.
func TestHistoryThatIsBroken(t *testing.T) {
	s := reportertest.NewSlack(t)
	s.Script(func(r reportertest.Request) reportertest.Fault {
		if r.Method == "conversations.history" {
			return reportertest.Fault{Status: 500}
		}
		return reportertest.Fault{}
	})
	a := newAgent(t, config(s))
	n := reportertest.Opened("i1")
	calls := 1
	for a.call(n) != nil {
		calls++
	}
	if calls != 4 {
		t.Errorf("told by call %d", calls)
	}
	only(t, s)
}

// …but where a post of ours may be there, it waits until it can look.
func TestHistoryThatIsBrokenAfterAPost(t *testing.T) {
	s := reportertest.NewSlack(t)
	a := newAgent(t, config(s))
	n := reportertest.Opened("i1")
	s.Script(func(r reportertest.Request) reportertest.Fault {
		switch {
		case r.Method == "chat.postMessage":
			return reportertest.Fault{Effect: true, Lose: true}
		case r.Method == "conversations.history" && len(a.memory) > 0:
			return reportertest.Fault{Status: 500}
		}
		return reportertest.Fault{}
	})
	for range 10 {
		if a.call(n) == nil {
			t.Fatal("told")
		}
	}
	s.Script(nil)
	a.must(n)
	only(t, s)
}

func TestAnswersThatAreNotSlacks(t *testing.T) {
	s := reportertest.NewSlack(t)
	a := newAgent(t, config(s))
	n := reportertest.Opened("i1")
	s.Script(func(r reportertest.Request) reportertest.Fault {
		if r.Method == "chat.postMessage" {
			return reportertest.Fault{Effect: true, Status: 200} // a proxy's page
		}
		return reportertest.Fault{}
	})
	if err := a.call(n); err == nil {
		t.Fatal("a proxy's page passes for success")
	}
	s.Script(nil)
	a.must(n)
	only(t, s)
}

func TestPermanentErrorsSayWhatToDo(t *testing.T) {
	for code, hint := range map[string]string{
		"invalid_auth":                        "copy the bot token",
		"token_revoked":                       "install the app again",
		"account_inactive":                    "install the app again",
		"not_allowed_token_type":              "use the bot token",
		"missing_scope":                       "chat:write",
		"channel_not_found":                   "there is no channel #alerts",
		"not_in_channel":                      "invite the bot: /invite @name in #alerts",
		"is_archived":                         "unarchive it",
		"restricted_action":                   "ask its administrators",
		"restricted_action_read_only_channel": "ask its administrators",
	} {
		t.Run(code, func(t *testing.T) {
			s := reportertest.NewSlack(t)
			a := newAgent(t, config(s))
			s.Script(func(r reportertest.Request) reportertest.Fault {
				if r.Method == "chat.postMessage" {
					return reportertest.Fault{Error: code}
				}
				return reportertest.Fault{}
			})
			err := a.call(reportertest.Opened("i1"))
			var permanent *reporters.Permanent
			if !errors.As(err, &permanent) || !strings.Contains(err.Error(), hint) {
				t.Errorf("got %v", err)
			}
			if strings.Contains(fmt.Sprint(err), s.Token()) {
				t.Errorf("the token shows: %v", err)
			}
		})
	}
}

func TestErrorsThatPass(t *testing.T) {
	for _, f := range []reportertest.Fault{{Error: "internal_error"}, {Error: "fatal_error"}, {Status: 502}, {Lose: true}} {
		s := reportertest.NewSlack(t)
		s.Script(func(reportertest.Request) reportertest.Fault { return f })
		err := newAgent(t, config(s)).call(reportertest.Opened("i1"))
		if err == nil || errors.As(err, new(*reporters.Permanent)) || errors.As(err, new(*reporters.RetryAfter)) {
			t.Errorf("%+v: got %v", f, err)
		}
	}
	for _, f := range []reportertest.Fault{{Error: "ratelimited"}, {Status: 429}, {RetryAfter: 900 * time.Hour}} {
		s := reportertest.NewSlack(t)
		s.Script(func(reportertest.Request) reportertest.Fault { return f })
		var later *reporters.RetryAfter
		err := newAgent(t, config(s)).call(reportertest.Opened("i1"))
		if !errors.As(err, &later) || later.After < time.Second || later.After > time.Hour {
			t.Errorf("%+v: got %v", f, err)
		}
	}
}

func TestOwnTimeout(t *testing.T) {
	s := reportertest.NewSlack(t)
	s.Script(func(reportertest.Request) reportertest.Fault { return reportertest.Fault{Hang: true} })
	c := config(s)
	c.Timeout = 20 * time.Millisecond
	if err := newAgent(t, c).call(reportertest.Opened("i1")); err == nil {
		t.Error("no error")
	}
}

// Somebody deleted the message; the agent posted a new one and was killed before it could keep that.
func TestKilledAfterReplacingADeletedMessage(t *testing.T) {
	s := reportertest.NewSlack(t)
	a := newAgent(t, config(s))
	n := reportertest.Opened("i1")
	a.must(n)
	s.Delete("#alerts", only(t, s).TS)
	b := newAgent(t, config(s))
	b.memory = a.memory // what was kept last
	a.must(reportertest.Resolved(n))
	b.must(reportertest.Resolved(n))
	if m := only(t, s); m.Text != reportertest.Resolved(n).Summary() {
		t.Errorf("people see %+v", m)
	}
}

// A call was cut off, and the history cannot be read now: whether people were told is not known, so they are not told twice.
func TestCutOffWithABrokenHistory(t *testing.T) {
	s := reportertest.NewSlack(t)
	n := reportertest.Opened("i1")
	newAgent(t, config(s)).must(n)
	b := newAgent(t, config(s))
	n.CutOff = true
	s.Script(func(r reportertest.Request) reportertest.Fault {
		if r.Method == "conversations.history" {
			return reportertest.Fault{Status: 500}
		}
		return reportertest.Fault{}
	})
	for range 10 {
		if b.call(n) == nil {
			t.Fatal("no error, and nobody knows what people see")
		}
		n.CutOff = false // the memory of this call was kept
	}
	s.Script(nil)
	b.must(n)
	only(t, s)
}

// Trouble on Slack's side, or its wish for patience, is no reason to give a picture up.
func TestPictureSurvivesTrouble(t *testing.T) {
	for name, fault := range map[string]reportertest.Fault{"broken": {Status: 500}, "asks to wait": {RetryAfter: time.Second}, "lost": {Lose: true}} {
		t.Run(name, func(t *testing.T) {
			s := reportertest.NewSlack(t)
			a := newAgent(t, config(s))
			n := reportertest.Opened("i1")
			n.Picture = reportertest.Picture("PNG")
			s.Script(func(r reportertest.Request) reportertest.Fault {
				if r.Method == "files.getUploadURLExternal" {
					return fault
				}
				return reportertest.Fault{}
			})
			for range 10 {
				if a.call(n) == nil {
					t.Fatal("given up")
				}
			}
			s.Script(nil)
			a.must(n)
			if m := only(t, s); len(m.Images) != 1 {
				t.Errorf("images: %+v", m.Images)
			}
		})
	}
}
