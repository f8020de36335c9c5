package steps

import (
	"context"

	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/source"
)

func checkKind() Kind {
	return boxKind("check", true, "Checks a box or a radio button. One that is checked already is left alone.", checkoutPage+"- check: I accept the terms\n- expect: {label: I accept the terms, checked: true}")
}

func uncheckKind() Kind {
	return boxKind("uncheck", false, "Takes the check off a box. One that is not checked is left alone.", checkoutPage+"- check: I accept the terms\n- uncheck: I accept the terms\n- expect: {label: I accept the terms, checked: false}")
}

// checkoutPage is how an example comes to the page with a box to check.
const checkoutPage = "- goto: ${base}/product/halo\n- click: Add to cart\n- expect: Added to cart\n- goto: ${base}/login?next=/checkout\n" +
	"- form: {Email: ops@shop.example, Password: lamp-light}\n- click: Log in\n"

func boxKind(name string, on bool, doc, example string) Kind {
	return Kind{
		Name: name, Doc: doc, Plain: "what a person sees", Fields: LocatorFields(),
		Example: example,
		Decode:  func(n *source.Node) Action { return checkAction{decodeLocator(n), on} },
	}
}

type checkAction struct {
	locator browser.Locator
	on      bool
}

func (a checkAction) Do(ctx context.Context, x *Exec) error {
	l, err := x.Locator(a.locator)
	if err != nil {
		return err
	}
	return x.Page.Check(ctx, l, a.on)
}
