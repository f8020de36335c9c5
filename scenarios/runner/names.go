package runner

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"trackwalker/scenarios"
	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/source"
)

// errNoValue is the error of a reference that is defined but has no value in this attempt.
var errNoValue = errors.New("it has no value in this attempt")

// names gives the values of references in one attempt.
type names struct {
	runID   string
	attempt int
	texts   map[string]string // of vars, unresolved; the loader made sure that they hold no circle
	vars    *source.Vars
	secrets map[string]string
	saved   map[string]string
}

func newNames(s *scenarios.Scenario, runID string, attempt int, secrets map[string]string) *names {
	n := &names{runID: runID, attempt: attempt, texts: s.Vars, secrets: secrets, saved: map[string]string{}}
	n.vars = source.NewVars(s.Vars, n.lookup)
	return n
}

func (n *names) save(name, value string) { n.saved[name] = value }

// isSecret reports whether a reference stands for a secret, or for a var that holds one. A one-time code is as good as one.
func (n *names) isSecret(ref source.Reference) bool {
	if _, is := n.secrets[ref.Name]; is || ref.Name == "totp" {
		return true
	}
	return holds(n.texts[ref.Name], n.isSecret)
}

// holds reports whether a text has a reference that is so.
func holds(text string, is func(source.Reference) bool) bool {
	refs, err := source.References(text)
	return err == nil && slices.ContainsFunc(refs, is)
}

// lookup gives what a reference stands for. A saved value hides a var of the same name.
func (n *names) lookup(ref source.Reference) (string, error) {
	if value, saved := n.saved[ref.Name]; saved {
		return value, nil
	}
	if n.vars.Has(ref.Name) {
		return n.vars.Value(ref.Name)
	}
	if value, secret := n.secrets[ref.Name]; secret {
		return value, nil
	}
	switch ref.Name {
	case "run.id":
		return n.runID, nil
	case "run.attempt":
		return strconv.Itoa(n.attempt), nil
	case "now":
		if ref.HasArg {
			return time.Now().Format(ref.Argument), nil
		}
		return time.Now().Format(time.RFC3339), nil
	case "uuid":
		return uuid.NewString(), nil
	case "random":
		return random(ref.Argument)
	}
	return "", fmt.Errorf("%s: %w: the step that saves it was not played", ref, errNoValue)
}

// leastLife is how long a one-time code must still live when it is entered.
const leastLife = 3 * time.Second

// code gives a one-time code, the next one when that of now is about to die.
func code(ctx context.Context, name, secret string) (string, error) {
	for {
		text, left, err := source.TOTP(name, secret, time.Now())
		if err != nil {
			return "", &browser.Failure{Class: browser.ClassInternal, Message: err.Error(), Hint: "look at what the secret holds where the agent runs", Err: err}
		}
		if left >= leastLife {
			return text, nil
		}
		select {
		case <-time.After(left):
		case <-ctx.Done():
			if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return "", ctx.Err()
			}
			return "", &browser.Failure{
				Class: browser.ClassTimeout, Message: "the one-time code of " + name + " was about to change, and there was no time to wait for the next one",
				Hint: "give the step a longer timeout", Err: ctx.Err(),
			}
		}
	}
}

// random gives as many letters and digits as text says.
func random(text string) (string, error) {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	count, err := strconv.Atoi(text)
	if err != nil || count < 1 || count > source.MaxRandom {
		return "", fmt.Errorf("${random:%s} needs how many characters, from 1 to %d", text, source.MaxRandom)
	}
	b := make([]byte, count)
	if _, err := rand.Read(b); err != nil {
		return "", err
	}
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)]
	}
	return string(b), nil
}
