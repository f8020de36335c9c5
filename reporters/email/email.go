// Package email tells people by mail: one thread an incident, in HTML and as text, with the failure's picture in it.
package email

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"trackwalker/reporters"
	"trackwalker/scenarios/source"
)

// How a connection is encrypted.
const (
	STARTTLS = "starttls" // asked for after the greeting, and insisted on
	Implicit = "implicit" // from the first byte
	NoTLS    = "none"     // for a relay on the same machine
)

// Config is what a Reporter needs to know.
type Config struct {
	Host               string
	Port               int    // default 587, with Implicit 465, with NoTLS 25
	TLS                string // default STARTTLS
	Username, Password string // empty: the server lets everybody send
	From               string // ops@shop.example, or with a name: Trackwalker <ops@shop.example>
	To                 []string

	RootCAs *x509.CertPool // default the system's
	Timeout time.Duration  // of the connection; default 30 s
}

// Reporter sends a mail to each recipient when an incident opens and another when it is over. A mail may come twice after a
// lost answer, with the same Message-ID, by which many mail systems keep the first alone; it never does not come at all.
type Reporter struct {
	config  Config
	from    *mail.Address
	to      []*mail.Address
	secrets source.Redactor // of what the server says
}

var _ reporters.Reporter = (*Reporter)(nil)

// New gives a Reporter. It sends nothing.
func New(c Config) (*Reporter, error) {
	c.TLS = cmp.Or(c.TLS, STARTTLS)
	ports := map[string]int{STARTTLS: 587, Implicit: 465, NoTLS: 25}
	c.Port = cmp.Or(c.Port, ports[c.TLS])
	c.Timeout = cmp.Or(c.Timeout, 30*time.Second)
	r := &Reporter{config: c, secrets: source.NewRedactor(map[string]string{"password": c.Password})}
	if c.Host == "" || ports[c.TLS] == 0 || len(c.To) == 0 {
		return nil, errors.New("email: it takes a host, a sender, a recipient, and tls starttls, implicit or none")
	}
	var err error
	if r.from, err = mail.ParseAddress(c.From); err != nil {
		return nil, fmt.Errorf("email: the sender %q is no address", c.From)
	}
	for _, text := range c.To {
		address, err := mail.ParseAddress(text)
		if err != nil {
			return nil, fmt.Errorf("email: the recipient %q is no address", text)
		}
		r.to = append(r.to, address)
	}
	return r, nil
}

// memory is what is kept of one incident between two calls.
type memory struct {
	Told map[string]int `json:"told"` // recipient → version
}

func recall(raw json.RawMessage) memory {
	var m memory
	if json.Unmarshal(raw, &m) != nil || m.Told == nil {
		return memory{Told: map[string]int{}}
	}
	return m
}

func (m memory) keep() json.RawMessage {
	b, err := json.Marshal(m)
	if err != nil {
		panic(err) // strings and numbers alone
	}
	return b
}

// Report sends the mails that are missing. One recipient whom the server refuses keeps no other from being told.
func (r *Reporter) Report(ctx context.Context, n reporters.Notice, raw json.RawMessage) (json.RawMessage, error) {
	m := recall(raw)
	var missing []*mail.Address
	for _, to := range r.to {
		if m.Told[to.Address] < n.Incident.Version {
			missing = append(missing, to)
		}
	}
	if len(missing) == 0 {
		return m.keep(), nil
	}
	err := r.send(ctx, n, missing, &m)
	return m.keep(), err
}

func (r *Reporter) send(ctx context.Context, n reporters.Notice, missing []*mail.Address, m *memory) error {
	l, trouble := r.write(n)
	s, err := r.connect(ctx)
	if err != nil {
		return r.explain(ctx, "connect to "+r.config.Host, err)
	}
	failed := r.sendAll(ctx, s, l, n, missing, m)
	s.close()
	switch {
	case len(failed) > 0:
		return join(failed)
	case ctx.Err() != nil:
		return fmt.Errorf("email: say goodbye to %s: %w", r.config.Host, ctx.Err())
	case trouble != nil:
		return fmt.Errorf("email: the mail is sent, without its picture: %w", trouble)
	default:
		return nil
	}
}

func (r *Reporter) sendAll(ctx context.Context, s *session, l letter, n reporters.Notice, missing []*mail.Address, m *memory) []error {
	var failed []error
	for _, to := range missing {
		msg := r.address(l, to)
		err := s.client.SendWithSMTPClient(s.smtp, msg)
		if err == nil || msg.IsDelivered() {
			m.Told[to.Address] = n.Incident.Version
			continue
		}
		failed = append(failed, r.explain(ctx, "send to "+to.Address, err))
		if replied(err) == 0 {
			break // the connection is of no more use
		}
	}
	return failed
}

// join makes one error: a Permanent one only when all are.
func join(all []error) error {
	if len(all) == 1 {
		return all[0]
	}
	permanent := 0
	var texts []string
	for _, err := range all {
		if errors.Is(err, context.Canceled) {
			return err
		}
		if errors.As(err, new(*reporters.Permanent)) {
			permanent++
		}
		texts = append(texts, err.Error())
	}
	err := errors.New(strings.Join(texts, "; "))
	if permanent == len(all) {
		return &reporters.Permanent{Err: err}
	}
	return err
}

// session is one connection, signed in.
type session struct {
	client *gomail.Client
	smtp   *smtp.Client
	conn   net.Conn
	stop   func() bool
}

// close says goodbye. What was sent is sent, whatever the server says to that.
func (s *session) close() {
	if s.smtp != nil {
		_ = s.conn.SetDeadline(time.Now().Add(5 * time.Second))
		_ = s.client.CloseWithSMTPClient(s.smtp)
	}
	if s.conn != nil {
		s.stop()
		s.conn.Close()
	}
}

// connect opens a connection that ends with ctx.
func (r *Reporter) connect(ctx context.Context) (*session, error) {
	s := &session{}
	trust := &tls.Config{ServerName: r.config.Host, RootCAs: r.config.RootCAs, MinVersion: tls.VersionTLS12}
	dial := func(dialing context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(dialing, network, address)
		if err != nil {
			return nil, err
		}
		s.conn = conn
		s.stop = context.AfterFunc(ctx, func() { conn.Close() })
		if r.config.TLS != Implicit {
			return conn, nil
		}
		encrypted := tls.Client(conn, trust)
		return encrypted, encrypted.HandshakeContext(dialing)
	}
	policy := gomail.NoTLS
	if r.config.TLS == STARTTLS {
		policy = gomail.TLSMandatory
	}
	options := []gomail.Option{
		gomail.WithPort(r.config.Port), gomail.WithTimeout(r.config.Timeout), gomail.WithTLSPolicy(policy), gomail.WithTLSConfig(trust),
		gomail.WithDialContextFunc(dial), gomail.WithoutNoop(), gomail.WithoutRset(),
	}
	if r.config.Username != "" {
		options = append(options, gomail.WithUsername(r.config.Username), gomail.WithPassword(r.config.Password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	var err error
	if s.client, err = gomail.NewClient(r.config.Host, options...); err != nil {
		return nil, err
	}
	if s.smtp, err = s.client.DialToSMTPClientWithContext(ctx); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// replied is the code by which the server refused, or 0 for any other error.
func replied(err error) int {
	if e, ok := errors.AsType[*gomail.SendError](err); ok {
		return e.ErrorCode()
	}
	if e, ok := errors.AsType[*textproto.Error](err); ok {
		return e.Code
	}
	return 0
}

// explain says what was tried and, where a person must act, what to do.
func (r *Reporter) explain(ctx context.Context, tried string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("email: %s: %w", tried, ctx.Err())
	}
	wrapped := fmt.Errorf("email: %s: %s", tried, reporters.Clip(reporters.Line(r.secrets.Text(err.Error())), 400))
	if cure := cureOf(err); cure != "" {
		return &reporters.Permanent{Err: fmt.Errorf("%w: %s", wrapped, cure)}
	}
	return wrapped
}

// cureOf is what a person has to do about an error, or "" when trying again may help.
func cureOf(err error) string {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	switch code := replied(err); {
	case code == 530 || code == 534 || code == 535 || code == 538:
		return "the server does not let us in: check username and password; some providers want an app password"
	case code >= 500:
		return "the server refuses it for good: check the sender, the recipient and what the server lets us send"
	case errors.As(err, &unknown):
		return "the server's certificate is signed by nobody that this machine trusts: add its authority to the system's (or name it in SSL_CERT_FILE)"
	case errors.As(err, &name):
		return "the server's certificate is for another host: write the name in it as host"
	}
	return ""
}

// Check signs in, and sends nothing.
func (r *Reporter) Check(ctx context.Context) []reporters.Finding {
	server := net.JoinHostPort(r.config.Host, strconv.Itoa(r.config.Port))
	s, err := r.connect(ctx)
	if err != nil {
		err = r.explain(ctx, "connect to "+server, err)
		hint := "check host, port and tls: 587 goes with starttls, 465 with implicit"
		if errors.As(err, new(*reporters.Permanent)) {
			hint = "mend that, and try again"
		}
		return []reporters.Finding{{Message: err.Error(), Hint: hint}}
	}
	s.close()
	how := map[string]string{STARTTLS: "encrypted", Implicit: "encrypted", NoTLS: "not encrypted"}[r.config.TLS]
	if r.config.Username != "" {
		how += ", and signed in"
	}
	return []reporters.Finding{{OK: true, Message: "the mail server " + server + " answers, " + how + "; to see a mail, trackwalker notify test"}}
}
