package source

import (
	"fmt"
	"strings"
	"time"

	"github.com/pquerna/otp/totp"
)

// totpName is the reference that gives one-time codes.
const totpName = "totp"

// totpPeriod is how long a one-time code lives.
const totpPeriod = 30 * time.Second

// TOTP gives the code of six digits (RFC 6238, SHA-1, 30 s) that a base32 secret makes at a time, and how much longer it
// lives. Spaces and hyphens in the secret, small letters and missing padding do not matter. name is how the error, which
// never shows the secret, calls it.
func TOTP(name, secret string, at time.Time) (code string, left time.Duration, err error) {
	bare := strings.TrimRight(strings.Join(strings.FieldsFunc(secret, func(r rune) bool { return r == '-' || r == ' ' || r == '\t' || r == '\n' || r == '\r' }), ""), "=")
	if bare != "" {
		code, err = totp.GenerateCode(bare, at)
	}
	if bare == "" || err != nil {
		return "", 0, fmt.Errorf("${totp:%s}: the value of %s is no base32 text (letters and the digits 2 to 7), as a site gives it beside its QR code", name, name)
	}
	lived := time.Duration(at.Unix()%int64(totpPeriod/time.Second))*time.Second + time.Duration(at.Nanosecond())
	return code, totpPeriod - lived, nil
}

// CheckTOTP says that a secret makes no codes.
func CheckTOTP(name, secret string) error {
	_, _, err := TOTP(name, secret, time.Unix(0, 0))
	return err
}

// subject gives the name that the reference is about: the secret of a one-time code, else its own.
func (r Reference) subject() string {
	if r.Name == totpName {
		return r.Argument
	}
	return r.Name
}
