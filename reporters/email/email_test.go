package email_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/mail"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"trackwalker/reporters"
	"trackwalker/reporters/email"
	"trackwalker/reporters/reportertest"
)

var update = flag.Bool("update", false, "write the golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// config is for a server that signs in after STARTTLS.
func config(s *reportertest.MailServer) email.Config {
	return email.Config{
		Host: "127.0.0.1", Port: s.Port(), RootCAs: s.Pool(), Username: "trackwalker", Password: "hunter2-and-more",
		From: "Trackwalker <alerts@shop.example>", To: []string{"ops@shop.example"},
	}
}

func open(t *testing.T) *reportertest.MailServer {
	return reportertest.NewMailServer(t, reportertest.MailOptions{STARTTLS: true, Username: "trackwalker", Password: "hunter2-and-more"})
}

func reporter(t *testing.T, c email.Config) *email.Reporter {
	t.Helper()
	r, err := email.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReporter(t *testing.T) {
	reportertest.Run(t, reportertest.Target{
		Open: func(t *testing.T) (reportertest.Place, func() reporters.Reporter) {
			s := open(t)
			return s, func() reporters.Reporter { return reporter(t, config(s)) }
		},
		Pictures: true, Hasty: true,
		Forbidden: reportertest.Fault{Status: 550},
	})
}

// TestGolden shows the mails as they are read: their headers, the text and the HTML.
func TestGolden(t *testing.T) {
	all := reportertest.Goldens()
	picture := all["open"]
	picture.Picture = reportertest.Picture("PNG")
	all["picture"] = picture
	for name, n := range all {
		s := open(t)
		if _, err := reporter(t, config(s)).Report(context.Background(), n, nil); err != nil {
			t.Fatal(err)
		}
		parts, header, err := s.Mails()[0].Parts()
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, key := range []string{
			"From", "To", "Subject", "Message-Id", "In-Reply-To", "References", "Auto-Submitted", "X-Auto-Response-Suppress", "User-Agent",
		} {
			if value := header.Get(key); value != "" {
				fmt.Fprintf(&b, "%s: %s\n", key, value)
			}
		}
		for _, p := range parts {
			fmt.Fprintf(&b, "\n==== %s %s\n%s", p.Media, p.ID, p.Data)
		}
		reportertest.Golden(t, name+".golden.txt", b.String(), *update)
	}
}

func TestOneThreadAnIncident(t *testing.T) {
	s := open(t)
	first := reportertest.Opened("0193-thread")
	r := reporter(t, config(s))
	memory, err := r.Report(context.Background(), first, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time as if the answer had been lost
		if _, err := r.Report(context.Background(), reportertest.Resolved(first), memory); err != nil {
			t.Fatal(err)
		}
	}
	var headers []mail.Header
	for _, m := range s.Mails() {
		_, h, err := m.Parts()
		if err != nil {
			t.Fatal(err)
		}
		headers = append(headers, h)
	}
	root := headers[0].Get("Message-Id")
	if root != "<trackwalker.0193-thread.1@shop.example>" || headers[0].Get("In-Reply-To") != "" {
		t.Errorf("the first mail: %v", headers[0])
	}
	for _, h := range headers[1:] {
		if h.Get("In-Reply-To") != root || h.Get("References") != root || h.Get("Message-Id") == root {
			t.Errorf("an answer: %v", h)
		}
		if h.Get("Subject") != "Re: "+headers[0].Get("Subject") && !strings.HasPrefix(headers[0].Get("Subject"), "=?") {
			t.Errorf("the subjects are %q and %q", headers[0].Get("Subject"), h.Get("Subject"))
		}
		if h.Get("Message-Id") != headers[1].Get("Message-Id") {
			t.Errorf("a repeat is another mail: %s, %s", h.Get("Message-Id"), headers[1].Get("Message-Id"))
		}
	}
}

func TestThePictureStandsInTheMail(t *testing.T) {
	s := open(t)
	n := reportertest.Opened("0193")
	n.Picture = reportertest.Picture("PNG\r\n.\r\n\x00\xff")
	if _, err := reporter(t, config(s)).Report(context.Background(), n, nil); err != nil {
		t.Fatal(err)
	}
	parts, _, err := s.Mails()[0].Parts()
	if err != nil || len(parts) != 3 {
		t.Fatalf("%d parts, %v", len(parts), err)
	}
	if p := parts[2]; p.Media != "image/png" || p.ID != "<failure>" || string(p.Data) != "PNG\r\n.\r\n\x00\xff" {
		t.Errorf("the picture: %s %s %q", p.Media, p.ID, p.Data)
	}
	if !strings.Contains(string(parts[1].Data), `src="cid:failure"`) {
		t.Error("the HTML does not show it")
	}
}

// TestOneWhoIsRefused keeps no other from being told, and the others are not told again.
func TestOneWhoIsRefused(t *testing.T) {
	s := reportertest.NewMailServer(t, reportertest.MailOptions{Refuse: []string{"gone@shop.example"}})
	c := config(s)
	c.Username, c.TLS = "", email.NoTLS
	c.To = []string{"a@shop.example", "gone@shop.example", "B <b@shop.example>"}
	r := reporter(t, c)
	n := reportertest.Opened("0193")
	memory, err := r.Report(context.Background(), n, nil)
	if !errors.As(err, new(*reporters.Permanent)) || !strings.Contains(err.Error(), "gone@shop.example") || !strings.Contains(err.Error(), "no such user") {
		t.Errorf("got %v", err)
	}
	if _, err = r.Report(context.Background(), n, memory); err == nil {
		t.Error("the second call forgets who was not told")
	}
	var to []string
	for _, m := range s.Mails() {
		to = append(to, m.To)
	}
	if strings.Join(to, " ") != "a@shop.example b@shop.example" {
		t.Errorf("mails went to %v", to)
	}
}

func TestEncryption(t *testing.T) {
	n := reportertest.Opened("0193")
	signIn := reportertest.MailOptions{Username: "trackwalker", Password: "hunter2-and-more"}
	implicit := signIn
	implicit.Implicit = true
	for name, c := range map[string]struct {
		server reportertest.MailOptions
		change func(*email.Config)
		want   string // in the error; empty: it works
	}{
		"implicit":               {implicit, func(c *email.Config) { c.TLS = email.Implicit }, ""},
		"a relay next door":      {reportertest.MailOptions{}, func(c *email.Config) { c.TLS, c.Username = email.NoTLS, "" }, ""},
		"no STARTTLS is offered": {signIn, func(*email.Config) {}, "does not support STARTTLS"},
		"an unknown authority":   {implicit, func(c *email.Config) { c.TLS, c.RootCAs = email.Implicit, nil }, "SSL_CERT_FILE"},
		"a wrong password": {
			implicit, func(c *email.Config) { c.TLS, c.Password = email.Implicit, "wrong-password" }, "check username and password",
		},
	} {
		s := reportertest.NewMailServer(t, c.server)
		conf := config(s)
		c.change(&conf)
		r := reporter(t, conf)
		_, err := r.Report(context.Background(), n, nil)
		finding := r.Check(context.Background())[0]
		if c.want == "" {
			if err != nil || !finding.OK || len(s.Mails()) != 1 {
				t.Errorf("%s: %v, %+v", name, err, finding)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || finding.OK || finding.Hint == "" || len(s.Mails()) != 0 {
			t.Errorf("%s: %v, %+v", name, err, finding)
		}
		if strings.Contains(err.Error()+finding.Message, conf.Password) {
			t.Errorf("%s: the password shows: %v", name, err)
		}
	}
}

// TestTheTalk is what a server hears: no more than it takes to send.
func TestTheTalk(t *testing.T) {
	s := open(t)
	c := config(s)
	c.To = append(c.To, "second@shop.example")
	if _, err := reporter(t, c).Report(context.Background(), reportertest.Opened("0193"), nil); err != nil {
		t.Fatal(err)
	}
	var verbs []string
	for _, r := range s.Requests() {
		verbs = append(verbs, r.Method)
	}
	want := "connect EHLO STARTTLS EHLO AUTH MAIL RCPT DATA message MAIL RCPT DATA message QUIT"
	if got := strings.Join(verbs, " "); got != want {
		t.Errorf("got    %s\nwanted %s", got, want)
	}
}

func TestConfig(t *testing.T) {
	right := email.Config{Host: "mail.example", From: "a@shop.example", To: []string{"b@shop.example"}}
	for name, change := range map[string]func(*email.Config){
		"no host":         func(c *email.Config) { c.Host = "" },
		"no recipient":    func(c *email.Config) { c.To = nil },
		"a wrong sender":  func(c *email.Config) { c.From = "nobody" },
		"a wrong address": func(c *email.Config) { c.To = []string{"b@shop.example", "x y"} },
		"a wrong tls":     func(c *email.Config) { c.TLS = "ssl" },
	} {
		c := right
		change(&c)
		if _, err := email.New(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestCheckOfAServerThatIsNotThere(t *testing.T) {
	s := open(t)
	c := config(s)
	s.Close()
	f := reporter(t, c).Check(context.Background())
	if len(f) != 1 || f[0].OK || !strings.Contains(f[0].Hint, "587") || !strings.Contains(f[0].Message, net.JoinHostPort("127.0.0.1", fmt.Sprint(c.Port))) {
		t.Errorf("found %+v", f)
	}
}
