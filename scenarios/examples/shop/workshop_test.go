package shop

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

func TestOneTimeCode(t *testing.T) {
	c := open(t, New(Options{}))()
	if a := c.get("/login/code"); a.path != "/login" {
		t.Errorf("without a password, the code's page leads to %s", a.path)
	}
	if a := c.form("/login/code", "code", "123456"); a.path != "/login" {
		t.Errorf("without a password, a code leads to %s", a.path)
	}
	c.form("/login", "email", CarefulEmail, "password", "wrong").want(t, 422, "Wrong email or password")
	if a := c.form("/login", "email", CarefulEmail, "password", Password); a.path != "/login/code" {
		t.Fatalf("the password leads to %s", a.path)
	}
	if a := c.get("/account"); a.path != "/login" {
		t.Errorf("with the password alone, the account leads to %s", a.path)
	}
	c.form("/login/code", "code", "12345").want(t, 422, "Wrong code")
	old, err := totp.GenerateCode(Secret, time.Now().Add(-time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	c.form("/login/code", "code", old).want(t, 422, "Wrong code")
	// At the border of two half minutes the first may have gone by.
	for range 2 {
		code, err := totp.GenerateCode(Secret, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if a := c.form("/login/code", "code", code); a.path == "/account" {
			a.want(t, 200, "Welcome back, Ada")
			return
		}
	}
	t.Error("no code was right")
}

func TestLanternID(t *testing.T) {
	c := open(t, New(Options{}))()
	c.get("/lantern/return?ticket=guess").want(t, 403, "not known")
	page := c.get("/lantern")
	_, rest, _ := strings.Cut(page.body, `href="/lantern/return`)
	query, _, found := strings.Cut(rest, `"`)
	if !found {
		t.Fatalf("no way back in %s", page.body)
	}
	if a := c.get("/lantern/return" + query); a.path != "/account" {
		t.Errorf("the way back leads to %s", a.path)
	}
}

func TestRepairs(t *testing.T) {
	c := open(t, New(Options{}))()
	send := func(photos ...string) answer {
		var b bytes.Buffer
		form := multipart.NewWriter(&b)
		for _, name := range photos {
			part, err := form.CreateFormFile("photos", name)
			if err != nil {
				t.Fatal(err)
			}
			part.Write([]byte("light"))
		}
		form.WriteField("wrong", "It <flickers>")
		form.Close()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.base+"/repairs", &b)
		if err == nil {
			r.Header.Set("Content-Type", form.FormDataContentType())
		}
		return c.do(r, err)
	}
	send("lamp.png").want(t, 200, "We have received 1 photo.", "lamp.png", "It &lt;flickers&gt;")
	send("a.png", "b.png").want(t, 200, "We have received 2 photos.")
	send().want(t, 200, "We have received 0 photos.")
	c.form("/repairs", "wrong", "no photos").want(t, 400, "too large, or there are none")
	send(strings.Repeat("x", maxUpload)).want(t, 400)
}

func TestPriceList(t *testing.T) {
	c := open(t, New(Options{}))()
	a := c.get("/price-list.csv")
	a.want(t, 200, "lamp,kind,price\n", "Halo,")
	if lines := strings.Count(a.body, "\n"); lines != 13 {
		t.Errorf("%d lines", lines)
	}
}

func TestCookieBanner(t *testing.T) {
	c := open(t, New(Options{}))()
	c.get("/?cookies=ask").want(t, 200, "Your privacy")
	c.get("/").lacks(t, "Your privacy")
}

// The page in the frame is the form alone.
func TestCardHasNoFrameOfItsOwn(t *testing.T) {
	c := open(t, New(Options{}))()
	page := c.get("/card")
	page.want(t, 200, "Card number", "Pay €49")
	page.lacks(t, "<footer")
}
