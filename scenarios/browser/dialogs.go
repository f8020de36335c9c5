package browser

import (
	"fmt"
	"strings"
)

// plan is what a planned dialog must say.
type plan struct {
	message *string // part of it; nil: anything
	told    bool    // its failure was given
}

// PlanDialog says how the next dialog is answered; message, if it is not nil, is part of what it must say.
func (p *Page) PlanDialog(a DialogAnswer, message *string) error {
	session, ok := p.session.(Dialogs)
	if !ok {
		return lacks("answer dialogs")
	}
	session.PlanDialog(a)
	p.plans = append(p.plans, plan{message: message})
	return nil
}

// CheckDialogs gives the failure of a dialog that was planned and said something else, once.
func (p *Page) CheckDialogs() error {
	for _, d := range p.plannedDialogs() {
		plan := &p.plans[d.Planned-1]
		if plan.told || plan.message == nil || strings.Contains(foldCase(d.Message), foldCase(*plan.message)) {
			continue
		}
		plan.told = true
		return &Failure{
			Class: ClassAssertion, Message: fmt.Sprintf("expected a dialog that says %q; the %s says %q", *plan.message, d.Kind, shorten(d.Message)),
			Hint: "it was answered as planned; correct the message of the dialog step, or look at why the page says something else", URL: d.URL,
		}
	}
	return nil
}

// UnusedPlans gives how many of the planned dialogs never opened.
func (p *Page) UnusedPlans() int {
	used := map[int]bool{}
	for _, d := range p.plannedDialogs() {
		used[d.Planned] = true
	}
	return len(p.plans) - len(used)
}

// plannedDialogs gives the dialogs that one of our plans has answered.
func (p *Page) plannedDialogs() []Dialog {
	session, ok := p.session.(Dialogs)
	if !ok || len(p.plans) == 0 {
		return nil
	}
	var planned []Dialog
	for _, d := range session.Dialogs() {
		if d.Planned > 0 && d.Planned <= len(p.plans) {
			planned = append(planned, d)
		}
	}
	return planned
}

// shorten makes what a site says fit for an error.
func shorten(s string) string {
	if r := []rune(s); len(r) > 200 {
		return string(r[:199]) + "…"
	}
	return s
}
