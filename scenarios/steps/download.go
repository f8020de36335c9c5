package steps

import (
	"context"
	"regexp"
	"strings"

	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/source"
)

func downloadKind() Kind {
	fields := withLocator(
		source.Field{Key: "as", Type: "text", Doc: "a glob of the file's name: * is any characters"},
		source.Field{Key: "min_size", Type: "integer", Doc: "how many bytes it has at least"},
		source.Field{Key: "sha256", Type: "text", Doc: "of its content, in hexadecimal"},
	)
	return Kind{
		Name: "download", Fields: fields,
		Doc:     "Clicks what downloads a file, and checks what comes. It is an assertion. The file is thrown away.",
		Example: "- goto: ${base}/workshop\n- download: {role: link, name: Price list, as: \"*.csv\", min_size: 100}",
		Decode: func(n *source.Node) Action {
			o := n.Object(fields)
			a := downloadAction{locator: required(o)}
			a.want.As = o.Templated("as", "")
			if as := o.Get("as"); as != nil && a.want.As == "" && !as.Wrong() {
				as.Problem("the name is empty: write a glob, as *.pdf, or leave it out")
			}
			a.want.MinSize = int64(o.Int("min_size", 0, 0))
			if sum := o.Get("sha256"); sum != nil {
				a.want.SHA256 = checksum(sum)
			}
			return a
		},
	}
}

// checksum reads 64 hexadecimal digits.
func checksum(n *source.Node) string {
	text := n.Templated()
	known, err := n.Document().Names.Resolve(text)
	if err == nil && !n.Wrong() && !regexp.MustCompile("^[0-9A-Fa-f]{64}$").MatchString(known) {
		n.Problem("a SHA-256 is 64 hexadecimal digits, as sha256sum prints them, not %d characters", len([]rune(known)))
	}
	return text
}

type downloadAction struct {
	locator browser.Locator
	want    browser.DownloadWant // with references
}

func (a downloadAction) asserts() bool           { return true }
func (a downloadAction) needs() browser.Features { return browser.FeatureDownloads }

func (a downloadAction) Do(ctx context.Context, x *Exec) error {
	l, err := x.Locator(a.locator)
	if err != nil {
		return err
	}
	want := a.want
	if want.As, err = x.Text(want.As); err != nil {
		return err
	}
	if want.SHA256, err = x.Text(want.SHA256); err != nil {
		return err
	}
	want.SHA256 = strings.ToLower(want.SHA256)
	return x.Page.Download(ctx, l, want)
}
