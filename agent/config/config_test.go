package config_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"trackwalker/agent/config"
	"trackwalker/scenarios"
	"trackwalker/scenarios/source"
)

const whole = `
scenarios: ./flows             # a folder
data: /var/lib/trackwalker
location: ${place}
vars: {place: berlin-1, base: https://shop.example}
secrets: {password: {env: SHOP_PASSWORD}, otp: {file: otp.txt}}
browsers:
  second: {driver: cdp, slots: 4, path: ./chrome, sandbox: false, proxy: "http://proxy:3128"}
  first: {driver: cdp}
  webkit: {driver: webdriver, command: "drivers/WebKitWebDriver --x", browser: MiniBrowser, args: [--a b]}
  grid: {driver: webdriver, url: {env: GRID}, browser: chrome, slots: 8, open_timeout: 90s, capabilities: {"se:name": "${place}", n: [1]}}
reporters:
  slack: {type: slack, token: {env: SLACK_BOT_TOKEN}, channel: "#alerts", api_url: "http://127.0.0.1:1/api"}
  hook: {type: slack, webhook_url: {file: hook}}
  json: {type: webhook, url: "https://hook.example"}
  signed: {type: webhook, url: {env: HOOK}, secret: {env: HOOK_SECRET}}
  pager: {type: pagerduty, routing_key: {env: PD_KEY}, severity: error, api_url: "http://127.0.0.1:2"}
  mail:
    {type: email, host: smtp.example, port: 465, tls: implicit, username: u, password: {env: MAIL_PW}, from: a@b.example, to: [c@d.example, "E <e@f.example>"]}
  teams: {type: teams, url: {env: TEAMS}}
  discord: {type: discord, url: {env: DISCORD}}
heartbeat_url: {env: BEAT}
listen: 0.0.0.0:9090
hosts: [status.example]
retention: {runs: 10d, screenshots: 36h, size: 500MB}
`

func TestEveryKey(t *testing.T) {
	got, problems := config.Load("/etc/trackwalker/agent.yaml", []byte(whole))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	env := func(name, key string, line int) config.Value {
		return config.Value{Secret: &source.Secret{Name: name, Env: key, Line: line}}
	}
	want := &config.Config{
		File: "/etc/trackwalker/agent.yaml", Scenarios: "/etc/trackwalker/flows", Data: "/var/lib/trackwalker", Location: "berlin-1",
		Vars: map[string]string{"place": "berlin-1", "base": "https://shop.example"},
		Secrets: map[string]source.Secret{
			"password": {Name: "password", Env: "SHOP_PASSWORD", Line: 6}, "otp": {Name: "otp", File: "/etc/trackwalker/otp.txt", Line: 6},
		},
		Browsers: []config.Browser{
			{Name: "second", Driver: "cdp", Slots: 4, Path: "/etc/trackwalker/chrome", Proxy: "http://proxy:3128"},
			{Name: "first", Driver: "cdp", Slots: 2, Sandbox: true},
			{
				Name: "webkit", Driver: "webdriver", Slots: 2, Sandbox: true, Browser: "MiniBrowser", Args: []string{"--a b"},
				Command: []string{"/etc/trackwalker/drivers/WebKitWebDriver", "--x"},
			},
			{
				Name: "grid", Driver: "webdriver", Slots: 8, Sandbox: true, Browser: "chrome", URL: env("grid url", "GRID", 11),
				Capabilities: map[string]any{"se:name": "berlin-1", "n": []any{1}}, OpenTimeout: 90 * time.Second,
			},
		},
		Reporters: []config.Reporter{
			{Name: "slack", Type: "slack", Token: env("slack token", "SLACK_BOT_TOKEN", 13), Channel: "#alerts", APIURL: "http://127.0.0.1:1/api"},
			{Name: "hook", Type: "slack", WebhookURL: config.Value{Secret: &source.Secret{Name: "hook webhook_url", File: "/etc/trackwalker/hook", Line: 14}}},
			{Name: "json", Type: "webhook", URL: config.Value{Literal: "https://hook.example"}},
			{Name: "signed", Type: "webhook", URL: env("signed url", "HOOK", 16), Secret: env("signed secret", "HOOK_SECRET", 16)},
			{
				Name: "pager", Type: "pagerduty", RoutingKey: env("pager routing_key", "PD_KEY", 17), Severity: "error", APIURL: "http://127.0.0.1:2",
			},
			{
				Name: "mail", Type: "email", Host: "smtp.example", Port: 465, TLS: "implicit", Username: config.Value{Literal: "u"},
				Password: env("mail password", "MAIL_PW", 19), From: "a@b.example", To: []string{"c@d.example", "E <e@f.example>"},
			},
			{Name: "teams", Type: "teams", URL: env("teams url", "TEAMS", 20)},
			{Name: "discord", Type: "discord", URL: env("discord url", "DISCORD", 21)},
		},
		Heartbeat: env("heartbeat_url", "BEAT", 22), Listen: "0.0.0.0:9090", Hosts: []string{"status.example"},
		Retention: config.Retention{Runs: 240 * time.Hour, Screenshots: 36 * time.Hour, Size: 500_000_000},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if missing := got.MissingSecrets(); len(missing) != 8 || !strings.Contains(missing[0].Error(), "BEAT") {
		t.Errorf("missing secrets: %v", missing)
	}
}

func TestWithoutAFile(t *testing.T) {
	t.Chdir(t.TempDir())
	got, err := config.Find("")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(config.Default(), got); diff != "" {
		t.Error(diff)
	}
	if err := os.WriteFile(config.FileName, []byte("location: here\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err = config.Find(""); err != nil || got.Location != "here" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := config.Find(filepath.Join("no", "agent.yaml")); err == nil || !strings.Contains(err.Error(), "trackwalker init") {
		t.Errorf("a file that is not there: %v", err)
	}
}

// TestProblems: each wrong file says what is wrong, where, and what to do.
func TestProblems(t *testing.T) {
	for text, want := range map[string]string{
		"locaton: x\n":                                              `a.yaml:1:1: unknown key "locaton" (did you mean location?)`,
		"listen: 8080\n":                                            `a.yaml:1:9: "8080" is no address: write host:port, as 127.0.0.1:8080, or off`,
		"browsers: {}\n":                                            `a.yaml:1:11: there is no browser to play in: write ` + "`chromium: {driver: cdp}`",
		"browsers: {c: {driver: cpd}}\n":                            `a.yaml:1:24: "cpd" is none of: cdp, webdriver (did you mean cdp?)`,
		"browsers: {c: {slots: 2}}\n":                               `a.yaml:1:15: driver is missing`,
		"browsers: {c: {driver: cdp, slots: 0}}\n":                  `a.yaml:1:36: 0 is too small: the least is 1`,
		"browsers: {c: {driver: cdp, proxy: nowhere}}\n":            `a.yaml:1:36: "nowhere" is no proxy: write http://host:port`,
		"browsers: {c: {driver: webdriver}}\n":                      `a.yaml:1:15: browser is missing: write which one, as browser: chrome, firefox or webkit`,
		"browsers: {c: {driver: cdp, browser: chrome}}\n":           `a.yaml:1:38: browser is no key of a cdp browser: it goes with driver: webdriver`,
		"browsers: {c: {driver: cdp, url: \"http://grid:4444\"}}\n": `a.yaml:1:34: url is no key of a cdp browser: it goes with driver: webdriver`,
		"browsers: {c: {driver: webdriver, browser: chrome, proxy: \"http://p:1\"}}\n":                                             `a.yaml:1:59: proxy is no key of a webdriver browser: write capabilities: {proxy: {proxyType: manual, httpProxy: "host:port", sslProxy: "host:port"}}`,
		"browsers: {c: {driver: webdriver, browser: chrom}}\n":                                                                     `a.yaml:1:44: the driver of "chrom" is not known (did you mean chrome?): name its program under command, or a Grid that has it under url`,
		"browsers: {c: {driver: webdriver, browser: chrome, url: \"grid:4444\"}}\n":                                                `a.yaml:1:57: this is no address of a driver: write it as http://grid.example:4444`,
		"browsers: {c: {driver: webdriver, browser: chrome, url: \"http://g:1\", command: x}}\n":                                   `a.yaml:1:80: either command or url: with url, nothing is started here`,
		"browsers: {c: {driver: webdriver, browser: chrome, url: \"http://g:1\", sandbox: false}}\n":                               `a.yaml:1:80: sandbox is for browsers that are started here: with url, say it where the Grid starts them`,
		"browsers: {c: {driver: webdriver, browser: Firefox, sandbox: false}}\n":                                                   `a.yaml:1:62: firefox has a sandbox that no setting turns off: take the key away`,
		"browsers: {c: {driver: webdriver, browser: chrome, command: []}}\n":                                                       `a.yaml:1:61: there is no program: write it as command: chromedriver`,
		"browsers: {c: {driver: webdriver, browser: chrome, open_timeout: 0s}}\n":                                                  `a.yaml:1:66: an open_timeout is longer than 0s`,
		"browsers: {c: {driver: webdriver, browser: chrome, capabilities: {a: \"${b}\"}}}\n":                                       `a.yaml:1:71: ${b} is not defined`,
		"browsers: {c: {driver: webdriver, browser: chrome, capabilities: x}}\n":                                                   `a.yaml:1:66: a map (key: value) is wanted here, not text`,
		"reporters: {s: {type: slak}}\n":                                                                                           `a.yaml:1:23: "slak" is none of: slack, webhook, pagerduty, email, teams, discord (did you mean slack?)`,
		"reporters: {s: {type: slack, token: x}}\n":                                                                                `a.yaml:1:16: channel is missing: write channel: "#alerts"`,
		"reporters: {s: {type: webhook, channel: x}}\n":                                                                            `a.yaml:1:41: channel is no key of a webhook reporter`,
		"reporters: {s: {type: webhook, url: x, secret: y}}\n":                                                                     `a.yaml:1:48: a secret does not stand in the file: write {env: NAME} or {file: PATH}`,
		"reporters: {s: {type: pagerduty}}\n":                                                                                      `a.yaml:1:16: routing_key is missing: write routing_key: {env: PAGERDUTY_ROUTING_KEY}`,
		"reporters: {s: {type: pagerduty, severity: bad}}\n":                                                                       `a.yaml:1:44: "bad" is none of: critical, error, warning, info`,
		"reporters: {s: {type: teams, url: x, channel: y}}\n":                                                                      `a.yaml:1:47: channel is no key of a teams reporter`,
		"reporters: {s: {type: discord}}\n":                                                                                        `a.yaml:1:16: url is missing`,
		"reporters: {s: {type: email, from: a@b.example, to: c@d.example}}\n":                                                      `a.yaml:1:16: host is missing: write host: smtp.shop.example`,
		"reporters: {s: {type: email, host: h, from: nobody, to: c@d.example}}\n":                                                  `a.yaml:1:45: "nobody" is no address: write one as ops@shop.example, or Operations <ops@shop.example>`,
		"reporters: {s: {type: email, host: h, from: a@b.example, to: [c@d.example, x]}}\n":                                        `a.yaml:1:76: "x" is no address`,
		"reporters: {s: {type: email, host: h, from: a@b.example, to: []}}\n":                                                      `a.yaml:1:62: nobody is told: write at least one address`,
		"reporters: {s: {type: email, host: h, from: a@b.example, to: c@d.example, tls: ssl}}\n":                                   `a.yaml:1:80: "ssl" is none of: starttls, implicit, none`,
		"reporters: {s: {type: email, host: h, from: a@b.example, to: c@d.example, username: u}}\n":                                `a.yaml:1:16: username and password go together`,
		"reporters: {s: {type: email, host: h, from: a@b.example, to: c@d.example, username: u, password: {env: P}, tls: none}}\n": `a.yaml:1:113: a password is not sent to another machine unencrypted: write starttls or implicit`,
		"secrets: {a: hunter2}\n":                                                `a.yaml:1:14: a secret does not stand in the file: write {env: NAME} or {file: PATH}`,
		"vars: {a: x}\nsecrets: {a: {env: A}}\n":                                 `a.yaml:2:11: "a" is a var and a secret: give one of them another name`,
		"retention: {size: lots}\n":                                              `a.yaml:1:19: "lots" is no size: write one as 500MB or 5GB`,
		"retention: {runs: 90}\n":                                                `a.yaml:1:19: "90" is no duration: write it with its unit, as 90s or 90ms`,
		"scenarios: [a]\n":                                                       `a.yaml:1:12: text is wanted here, not a list`,
		"heartbeat_url: {env: A, file: b}\n":                                     `a.yaml:1:16: a secret is either {env: NAME} or {file: PATH}`,
		"location: ${nowhere}\n":                                                 `a.yaml:1:11: ${nowhere} is not defined: define it under vars`,
		"heartbeat_url: foo\n":                                                   `a.yaml:1:16: heartbeat_url is an address that begins with http:// or https://`,
		"heartbeat_url: {env: \"\"}\n":                                           `a.yaml:1:22: the name of an environment variable is missing, as {env: SHOP_PASSWORD}`,
		"secrets: {a: {file: \"\"}}\n":                                           `a.yaml:1:21: the path of a file is missing`,
		"reporters: {h: {type: webhook, url: foo}}\n":                            `a.yaml:1:37: url of reporter h is an address that begins with http:// or https://`,
		"reporters: {h: {type: slack, webhook_url: \"https://\"}}\n":             `a.yaml:1:43: webhook_url of reporter h is an address that begins with http:// or https://`,
		"reporters: {h: {type: pagerduty, routing_key: {env: K}, api_url: x}}\n": `a.yaml:1:66: "x" is no address: write one that begins with http:// or https://`,
		"listen: 127.0.0.1:99999\n":                                              `a.yaml:1:9: "99999" is no port: write a number up to 65535`,
		"listen: \"127.0.0.1:\"\n":                                               `a.yaml:1:9: "" is no port`,
		"retention: {runs: 0s}\n":                                                `a.yaml:1:19: runs are kept for longer than 0s`,
		"retention: {screenshots: 0d}\n":                                         `a.yaml:1:26: screenshots are kept for longer than 0s`,
		"scenarios: \"\"\n":                                                      `a.yaml:1:12: scenarios needs the path of a folder, as ./scenarios`,
		"data: \"\"\n":                                                           `a.yaml:1:7: data needs the path of a folder, as ./data`,
		"location: \"\"\n":                                                       `a.yaml:1:11: the agent needs a name: write one as berlin-1, or leave location out`,
		"- a\n":                                                                  `a.yaml:1:1: a map (key: value) is wanted here, not a list`,
		"reporters:\n  s: {type: webhook, url: [x]}\n":                           `a.yaml:2:27: text is wanted here, not a list`,
		"reporters:\n  s: {type: slack, webhok_url: x}\n ":                       `a.yaml:2:20: unknown key "webhok_url" (did you mean webhook_url?)`,
	} {
		_, problems := config.Load("a.yaml", []byte(text))
		if len(problems) == 0 || !strings.Contains(problems.Error(), want) {
			t.Errorf("%q says:\n%v\nwant:\n%s", text, problems, want)
		}
	}
}

func TestSchema(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(config.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("agent.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("agent.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for text, right := range map[string]bool{
		`{"browsers": {"c": {"driver": "cdp", "slots": 2}}, "reporters": {"s": {"type": "slack", "token": {"env": "T"}, "channel": "#a"}}}`:                                    true,
		`{"browsers": {"w": {"driver": "webdriver", "browser": "webkit", "command": ["a", "b"], "url": {"env": "U"}, "capabilities": {"a": {"b": 1}}, "open_timeout": "9s"}}}`: true,
		`{"browsers": {"w": {"driver": "webdriver", "capabilities": "x"}}}`:                                                                                                    false,
		`{"retention": {"runs": "90d", "size": "5GB"}, "listen": "off"}`:                                                                                                       true,
		`{"locaton": "x"}`:                       false,
		`{"browsers": {"c": {"driver": "cpd"}}}`: false,
	} {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); (err == nil) != right {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestPageSettings: they are those of scenarios, and read by the same rules.
func TestPageSettings(t *testing.T) {
	got, problems := config.Load("agent.yaml", []byte("vars: {lang: de-DE}\ndevice: iPhone 15\nlocale: ${lang}\nblock: [\"*://ads.example/*\"]\n"))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	want := scenarios.PageSettings{Device: "iPhone 15", Locale: "${lang}", Block: []string{"*://ads.example/*"}}
	if diff := cmp.Diff(want, got.Page); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	_, problems = config.Load("agent.yaml", []byte("device: iPhone 15\nviewport: 800x600\nlocale: ${lang}\n"))
	if text := problems.Error(); len(problems) != 2 || !strings.Contains(text, "agent.yaml:1:9: either device or viewport") || !strings.Contains(text, "agent.yaml:3:9: ${lang} is not defined") {
		t.Errorf("found wrong:\n%v", text)
	}
}
