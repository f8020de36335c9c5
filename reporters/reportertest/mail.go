package reportertest

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http/httptest"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// MailServer is an SMTP server that keeps what it takes, and is strict about the conversation. To the gate's script, the
// greeting, each command and each mail's content are a request; a fault's Status of 400 and more stands for a refusal for
// good when it is 550, and else for one that passes.
type MailServer struct {
	gate
	listener net.Listener
	tls      *tls.Config
	pool     *x509.CertPool
	options  MailOptions
	all      sync.WaitGroup

	mu    sync.Mutex
	mails []Mail
	conns map[net.Conn]bool
}

// MailOptions are how a MailServer behaves.
type MailOptions struct {
	Implicit           bool // TLS from the first byte
	STARTTLS           bool // is offered, and mail is taken only after it
	Username, Password string
	Refuse             []string // recipients that are refused for good
}

// Mail is one that a MailServer took.
type Mail struct {
	From, To string // of the envelope
	Raw      []byte
}

// NewMailServer opens one that ends with the test.
func NewMailServer(t testing.TB, o MailOptions) *MailServer {
	t.Helper()
	certified := httptest.NewTLSServer(nil)
	certified.Close()
	pool := x509.NewCertPool()
	pool.AddCert(certified.Certificate())
	s := &MailServer{options: o, tls: &tls.Config{Certificates: certified.TLS.Certificates}, pool: pool, conns: map[net.Conn]bool{}}
	var err error
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	s.all.Go(s.accept)
	t.Cleanup(s.Close)
	return s
}

// Close ends the server before the test does.
func (s *MailServer) Close() {
	s.once.Do(func() {
		s.listener.Close()
		s.mu.Lock()
		for c := range s.conns {
			c.Close()
		}
		s.mu.Unlock()
		s.all.Wait()
	})
}

// Port is where it listens, at 127.0.0.1.
func (s *MailServer) Port() int { return s.listener.Addr().(*net.TCPAddr).Port }

// Pool trusts its certificate.
func (s *MailServer) Pool() *x509.CertPool { return s.pool }

// Mails gives what it took, the oldest first.
func (s *MailServer) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

// Said gives the mails as people read them: the text's first line, all of the text and the HTML, and the pictures.
func (s *MailServer) Said() []Said {
	var all []Said
	for _, m := range s.Mails() {
		parts, _, err := m.Parts()
		if err != nil {
			all = append(all, Said{Text: "a mail that cannot be read: " + err.Error()})
			continue
		}
		var said Said
		for _, p := range parts {
			switch {
			case p.Media == "text/plain":
				said.Text, _, _ = strings.Cut(string(p.Data), "\n")
				said.Body += string(p.Data)
			case p.Media == "text/html":
				said.Body += string(p.Data)
			case strings.HasPrefix(p.Media, "image/"):
				said.Pictures++
			}
		}
		all = append(all, said)
	}
	return all
}

// MailPart is one of a mail's parts that hold something.
type MailPart struct {
	Media, ID string
	Data      []byte
}

// Parts takes a mail apart.
func (m Mail) Parts() ([]MailPart, mail.Header, error) {
	msg, err := mail.ReadMessage(bytes.NewReader(m.Raw))
	if err != nil {
		return nil, nil, err
	}
	parts, err := mailParts(map[string][]string(msg.Header), msg.Body)
	return parts, msg.Header, err
}

func mailParts(header map[string][]string, body io.Reader) ([]MailPart, error) {
	h := mail.Header(header)
	media, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(media, "multipart/") {
		var all []MailPart
		for r := multipart.NewReader(body, params["boundary"]); ; {
			p, err := r.NextRawPart()
			if err == io.EOF {
				return all, nil
			}
			if err != nil {
				return nil, err
			}
			inner, err := mailParts(p.Header, p)
			if err != nil {
				return nil, err
			}
			all = append(all, inner...)
		}
	}
	switch strings.ToLower(h.Get("Content-Transfer-Encoding")) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	data, err := io.ReadAll(body)
	if media != "application/octet-stream" && !strings.HasPrefix(media, "image/") {
		data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	}
	return []MailPart{{Media: media, ID: h.Get("Content-Id"), Data: data}}, err
}

func (s *MailServer) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns[conn] = true
		s.mu.Unlock()
		s.all.Go(func() {
			defer conn.Close()
			t := &mailTalk{server: s, raw: conn, conn: conn, secure: s.options.Implicit}
			if s.options.Implicit {
				t.conn = tls.Server(conn, s.tls)
			}
			t.talk()
		})
	}
}

// mailTalk is one conversation.
type mailTalk struct {
	server *MailServer
	raw    net.Conn
	conn   net.Conn
	in     *bufio.Reader
	secure bool // encrypted
	hello  bool
	known  bool // signed in
	from   string
	to     []string
}

func (t *mailTalk) talk() {
	t.in = bufio.NewReader(t.conn)
	if !t.step("connect", nil, func() string { return "220 mail.example ESMTP" }) {
		return
	}
	for {
		line, err := t.in.ReadString('\n')
		if err != nil {
			return
		}
		text, strict := strings.CutSuffix(line, "\r\n")
		if !strict || len(text) > 510 {
			t.reply("500 a line that ends wrongly, or is too long")
			return
		}
		verb, rest, _ := strings.Cut(text, " ")
		verb = strings.ToUpper(verb)
		if !t.step(verb, []byte(rest), func() string { return t.command(verb, rest) }) || verb == "QUIT" {
			return
		}
	}
}

// step plays the fault that is wanted for a request, or answers it. It reports whether the conversation goes on.
func (t *mailTalk) step(verb string, body []byte, effect func() string) bool {
	f := t.server.admit(verb, nil, body)
	if f == (Fault{}) {
		return t.reply(effect())
	}
	if f.Effect && verb != "DATA" && verb != "STARTTLS" {
		effect()
	}
	switch {
	case f.Status == 550:
		return t.reply("550 5.7.1 scripted")
	case f.Status > 0:
		return t.reply("451 4.3.0 scripted")
	case f.Body != "":
		return t.reply(f.Body)
	case f.Hang:
		_, _ = io.Copy(io.Discard, t.raw) // until the client goes away
	}
	return false
}

// reply sends an answer, and plays what it promises. An empty one was sent already.
func (t *mailTalk) reply(text string) bool {
	if text == "" {
		return true
	}
	if _, err := io.WriteString(t.conn, strings.ReplaceAll(text, "\n", "\r\n")+"\r\n"); err != nil {
		return false
	}
	switch {
	case strings.HasPrefix(text, "220 2.0.0 go ahead"):
		return t.encrypt()
	case strings.HasPrefix(text, "354"):
		return t.content()
	}
	return true
}

func (t *mailTalk) encrypt() bool {
	encrypted := tls.Server(t.raw, t.server.tls)
	if encrypted.Handshake() != nil {
		return false
	}
	t.conn, t.in, t.secure, t.hello = encrypted, bufio.NewReader(encrypted), true, false
	return true
}

func (t *mailTalk) command(verb, rest string) string {
	o := t.server.options
	switch verb {
	case "EHLO":
		t.hello = true
		offers := []string{"250-mail.example", "250-8BITMIME"}
		if o.STARTTLS && !t.secure {
			offers = append(offers, "250-STARTTLS")
		}
		if o.Username != "" && (t.secure || !o.STARTTLS) {
			offers = append(offers, "250-AUTH PLAIN LOGIN")
		}
		return strings.Join(append(offers, "250 ENHANCEDSTATUSCODES"), "\n")
	case "STARTTLS":
		return "220 2.0.0 go ahead"
	case "QUIT":
		return "221 2.0.0 bye"
	case "NOOP", "RSET":
		t.from, t.to = "", nil
		return "250 2.0.0 ok"
	case "AUTH":
		return t.signIn(rest)
	}
	switch {
	case !t.hello:
		return "503 5.5.1 say EHLO first"
	case o.STARTTLS && !t.secure:
		return "530 5.7.0 must issue a STARTTLS command first"
	case o.Username != "" && !t.known:
		return "530 5.7.0 authentication required"
	}
	address := func() string {
		_, a, _ := strings.Cut(rest, "<")
		a, _, _ = strings.Cut(a, ">")
		return a
	}
	switch {
	case verb == "MAIL" && strings.HasPrefix(rest, "FROM:<") && t.from == "":
		t.from = address()
		return "250 2.1.0 ok"
	case verb == "RCPT" && strings.HasPrefix(rest, "TO:<") && t.from != "":
		if slices.Contains(o.Refuse, address()) {
			return "550 5.1.1 no such user here"
		}
		t.to = append(t.to, address())
		return "250 2.1.5 ok"
	case verb == "DATA" && len(t.to) > 0:
		return "354 go ahead"
	}
	return "503 5.5.1 bad sequence of commands"
}

func (t *mailTalk) signIn(rest string) string {
	mechanism, encoded, _ := strings.Cut(rest, " ")
	data, err := base64.StdEncoding.DecodeString(encoded)
	want := "\x00" + t.server.options.Username + "\x00" + t.server.options.Password
	if mechanism != "PLAIN" || err != nil || string(data) != want {
		return fmt.Sprintf("535 5.7.8 authentication failed: %q", data) // a server that says too much
	}
	t.known = true
	return "235 2.7.0 welcome"
}

// content takes a mail, up to the line of a dot alone.
func (t *mailTalk) content() bool {
	var raw bytes.Buffer
	for {
		line, err := t.in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		if !strings.HasSuffix(line, "\r\n") || len(line) > 1000 || strings.ContainsRune(line, 0) {
			t.reply("554 5.6.0 a line that ends wrongly, or is too long: " + strconv.Quote(line))
			return false
		}
		raw.WriteString(strings.TrimPrefix(line, "."))
	}
	return t.step("message", raw.Bytes(), func() string {
		s := t.server
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, to := range t.to {
			s.mails = append(s.mails, Mail{From: t.from, To: to, Raw: raw.Bytes()})
		}
		t.from, t.to = "", nil
		return fmt.Sprintf("250 2.0.0 queued as %d", len(s.mails))
	})
}
