package config

import (
	"net/mail"
	"slices"
	"strings"

	"trackwalker/scenarios/source"
)

// Reporter is one entry of reporters.
type Reporter struct {
	Name string
	Type string // one of reporterTypes

	Token      Value  // slack: of a bot
	Channel    string // slack, with a token: #name or ID
	WebhookURL Value  // slack: an incoming webhook, in place of a token
	APIURL     string // slack, pagerduty: empty for their own
	URL        Value  // webhook, teams, discord
	Secret     Value  // webhook: signs what is posted
	RoutingKey Value  // pagerduty
	Severity   string // pagerduty: empty for critical

	Host               string // email: of the mail server
	Port               int    // email: 0 for the one that goes with TLS
	TLS                string // email: starttls, implicit, none; empty for starttls
	Username, Password Value  // email
	From               string // email
	To                 []string
}

// reporterType says which keys, beside type, a reporter of a type has.
type reporterType struct {
	name  string
	needs []string
	may   []string
}

func reporterTypes() []reporterType {
	return []reporterType{
		{"slack", nil, []string{"token", "channel", "webhook_url", "api_url"}},
		{"webhook", []string{"url"}, []string{"secret"}},
		{"pagerduty", []string{"routing_key"}, []string{"severity", "api_url"}},
		{"email", []string{"host", "from", "to"}, []string{"port", "tls", "username", "password"}},
		{"teams", []string{"url"}, nil},
		{"discord", []string{"url"}, nil},
	}
}

func reporterTypeNames() []string {
	var names []string
	for _, t := range reporterTypes() {
		names = append(names, t.name)
	}
	return names
}

const (
	severities  = "critical|error|warning|info"
	encryptions = "starttls|implicit|none"
)

// ReporterFields are the keys of an entry of reporters.
func ReporterFields() []source.Field {
	types := reporterTypeNames()
	return []source.Field{
		{Key: "type", Type: strings.Join(types, "|"), Doc: strings.Join(types[:len(types)-1], ", ") + " or " + types[len(types)-1], Required: true},
		{Key: "token", Type: "value", Doc: "slack: the bot's token (xoxb-…), as {env: NAME}"},
		{Key: "channel", Type: "text", Doc: "slack, beside token: \"#name\" or the channel's ID"},
		{Key: "webhook_url", Type: "value", Doc: "slack: an incoming webhook in place of token and channel; text only"},
		{Key: "api_url", Type: "text", Doc: "slack, pagerduty: where the API is, if not at its own address"},
		{Key: "url", Type: "value", Doc: "webhook: where the JSON is posted; teams, discord: the channel's webhook, as {env: NAME}"},
		{Key: "secret", Type: "secret", Doc: "webhook: signs what is posted, by HMAC-SHA256; {env: NAME}"},
		{Key: "routing_key", Type: "secret", Doc: "pagerduty: the Integration Key of an integration Events API v2; {env: NAME}"},
		{Key: "severity", Type: severities, Doc: "pagerduty: of the alerts; default critical"},
		{Key: "host", Type: "text", Doc: "email: the mail server's name"},
		{Key: "port", Type: "integer", Doc: "email: default 587; with tls implicit 465, with tls none 25"},
		{Key: "tls", Type: encryptions, Doc: "email: how the connection is encrypted; default starttls"},
		{Key: "username", Type: "value", Doc: "email: with password; neither: the server lets the agent send without"},
		{Key: "password", Type: "secret", Doc: "email: with username; {env: NAME}"},
		{Key: "from", Type: "text", Doc: "email: the sender, as Trackwalker <alerts@shop.example>"},
		{Key: "to", Type: "texts", Doc: "email: who is told; each gets a mail of their own"},
	}
}

func (l *loader) reporters() {
	n := l.o.Get("reporters")
	if n == nil {
		return
	}
	for _, p := range n.Map() {
		o := p.Value.Object(ReporterFields())
		r := l.reporter(p.Key, o)
		l.checkKeys(r, o)
		l.c.Reporters = append(l.c.Reporters, r)
	}
}

func (l *loader) reporter(name string, o *source.Object) Reporter {
	value := func(key string) Value { return l.value(o.Get(key), name+" "+key) }
	web := func(key string) Value { return l.url(o.Get(key), name+" "+key, key+" of reporter "+name) }
	r := Reporter{
		Name: name, Token: value("token"), Channel: o.Resolved("channel", ""), WebhookURL: web("webhook_url"),
		APIURL: o.Resolved("api_url", ""), URL: web("url"), Username: value("username"),
		Secret: l.secret(o.Get("secret"), name+" secret"), RoutingKey: l.secret(o.Get("routing_key"), name+" routing_key"),
		Password: l.secret(o.Get("password"), name+" password"), Host: o.Resolved("host", ""), Port: o.Int("port", 0, 1),
	}
	if n := o.Get("api_url"); n != nil && !n.Wrong() && !isWebURL(r.APIURL) {
		n.Problem("%q is no address: write one that begins with http:// or https://", r.APIURL)
	}
	r.Type = oneOf(o, "type", reporterTypeNames())
	r.Severity = oneOf(o, "severity", strings.Split(severities, "|"))
	r.TLS = oneOf(o, "tls", strings.Split(encryptions, "|"))
	if r.Port > 65535 {
		o.Get("port").Problem("%d is no port: the highest is 65535", r.Port)
	}
	if n := o.Get("from"); n != nil {
		r.From = address(n)
	}
	if n := o.Get("to"); n != nil {
		all := []*source.Node{n}
		if n.Kind == source.KindList {
			all = n.Items
		}
		for _, one := range all {
			r.To = append(r.To, address(one))
		}
		if len(all) == 0 {
			n.Problem("nobody is told: write at least one address")
		}
	}
	return r
}

func oneOf(o *source.Object, key string, words []string) string {
	if n := o.Get(key); n != nil {
		return n.OneOf(words...)
	}
	return ""
}

func address(n *source.Node) string {
	text := n.Resolved()
	if _, err := mail.ParseAddress(text); err != nil && !n.Wrong() {
		n.Problem("%q is no address: write one as ops@shop.example, or Operations <ops@shop.example>", text)
	}
	return text
}

// checkKeys finds what is missing, and what another type of reporter has.
func (l *loader) checkKeys(r Reporter, o *source.Object) {
	i := slices.IndexFunc(reporterTypes(), func(t reporterType) bool { return t.name == r.Type })
	if i < 0 {
		return
	}
	t := reporterTypes()[i]
	for _, f := range ReporterFields() {
		n := o.Get(f.Key)
		if n != nil && f.Key != "type" && !slices.Contains(t.needs, f.Key) && !slices.Contains(t.may, f.Key) {
			n.Problem("%s is no key of a %s reporter", f.Key, r.Type)
		}
		if n == nil && slices.Contains(t.needs, f.Key) {
			o.Node.Problem("%s is missing%s", f.Key, example(f.Key))
		}
	}
	switch {
	case r.Type == "slack" && o.Has("token") == o.Has("webhook_url"):
		o.Node.Problem("a slack reporter has either token and channel, or webhook_url")
	case r.Type == "slack" && o.Has("token") && !o.Has("channel"):
		o.Node.Problem("channel is missing: write channel: \"#alerts\"")
	case r.Type == "email" && o.Has("username") != o.Has("password"):
		o.Node.Problem("username and password go together")
	case r.Type == "email" && o.Has("password") && r.TLS == "none" && r.Host != "localhost" && r.Host != "127.0.0.1":
		o.Get("tls").Problem("a password is not sent to another machine unencrypted: write starttls or implicit")
	}
}

// example shows how a key is written that people meet for the first time.
func example(key string) string {
	return map[string]string{
		"routing_key": ": write routing_key: {env: PAGERDUTY_ROUTING_KEY}",
		"host":        ": write host: smtp.shop.example",
		"from":        ": write from: alerts@shop.example",
		"to":          ": write to: [ops@shop.example]",
	}[key]
}

// secret reads a secret. Nil gives nothing.
func (l *loader) secret(n *source.Node, name string) Value {
	if n == nil {
		return Value{}
	}
	s := n.Secret(name, l.dir)
	return Value{Secret: &s}
}
