package web

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"cairn/internal/identity"
	"cairn/internal/mail/mailtest"
)

// served is a world that a browser reaches under the name that passkeys and links are bound to.
func served(t *testing.T) (w *world, base string, post *mailtest.Mailpit) {
	t.Helper()
	post = mailtest.Start(t)
	var handler http.Handler
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { handler.ServeHTTP(rw, r) }))
	base = strings.Replace("http://"+server.Listener.Addr().String(), "127.0.0.1", "localhost", 1)
	w = newWorldAs(t, post.Server, identity.Settings{Base: base, Name: "Cairn"})
	handler = w.Handler
	server.Start()
	t.Cleanup(server.Close)
	return w, base, post
}

// link follows the link of the latest mail to an address.
func (p *reader) link(post *mailtest.Mailpit, says string) {
	p.Helper()
	_, rest, ok := strings.Cut(post.Await(p.T, p.address).Text, p.base)
	if !ok {
		p.Fatal("the mail holds no link to this server")
	}
	p.visits(strings.Fields(rest)[0], says)
}

func TestJourney_Passkey(t *testing.T) {
	w, base, post := served(t)
	ada := opens(t, browser(t), 390, "light", base, "ada@example.org", post)
	var key webauthn.AuthenticatorID
	run(t, ada.ctx, webauthn.Enable(), chromedp.ActionFunc(func(ctx context.Context) (err error) {
		key, err = webauthn.AddVirtualAuthenticator(&webauthn.VirtualAuthenticatorOptions{Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true}).Do(ctx)
		return err
	}))

	ada.visits("/me/doors", "Sign in")
	ada.writes("address", ada.address)
	ada.presses("main form button", "Look into your mail")
	ada.link(post, "Sign in as ada@example.org?")
	ada.presses("main form button", "Where you are signed in")

	run(t, ada.ctx, chromedp.SetValue("#passkey-name", "My phone", chromedp.ByQuery))
	ada.presses(`[data-passkey="add"] button`, "The passkey works from now on.")
	ada.reads("My phone")
	ada.presses(".masthead .door button", "One score")

	ada.visits("/sign-in?next=%2Fme%2Fdoors", "Without a password")
	ada.presses(`[data-passkey="sign-in"] button`, "last used on 23 November 2026")
	w.clock = w.clock.Add(identity.ProofLasts + time.Second)
	ada.visits("/me/record/erase", "Prove that it is you")
	ada.presses(`[data-passkey="sign-in"] button`, "nobody can undo it")

	w.clock = w.clock.Add(identity.ProofLasts + time.Second)
	ada.visits("/me/doors", "prove once more that it is you")
	run(t, ada.ctx, chromedp.ActionFunc(func(ctx context.Context) error { return webauthn.ClearCredentials(key).Do(ctx) }))
	ada.visits("/prove", "Prove that it is you")
	ada.clicks(`[data-passkey="sign-in"] button`)
	run(t, ada.ctx, chromedp.WaitReady(`[data-passkey="sign-in"] button:not(:disabled)`, chromedp.ByQuery))
	ada.reads("No passkey was used")
}

func TestJourney_SigningInTakesNoJavaScript(t *testing.T) {
	_, base, post := served(t)
	ctx := leaf(t, browser(t), 390, "dark")
	run(t, ctx, emulation.SetScriptExecutionDisabled(true), page.Enable())
	markup := plainly(t, ctx, base+"/sign-in", "main")
	if !strings.Contains(markup, `data-next="" hidden`) {
		t.Errorf("a passkey is offered where no module runs: %s", markup)
	}
	run(t, ctx, chromedp.ActionFunc(func(ctx context.Context) error {
		return types(ctx, `input[name="address"]`, "ada@example.org\r", "h1", "Look into your mail")
	}))
	_, rest, _ := strings.Cut(post.Await(t, "ada@example.org").Text, base)
	run(t, ctx, chromedp.ActionFunc(func(ctx context.Context) error {
		if err := load(ctx, base+strings.Fields(rest)[0]); err != nil {
			return err
		}
		return types(ctx, "main form button", "\r", "main .notice", "You are on no board")
	}))
}

// types types into what a selector finds, as a keyboard does, until the page says something.
func types(ctx context.Context, into, keys, where, says string) error {
	if err := steadily(func() error {
		node, err := find(ctx, into)
		if err != nil {
			return err
		}
		return dom.Focus().WithNodeID(node).Do(ctx)
	}); err != nil {
		return err
	}
	if err := chromedp.KeyEvent(keys).Do(ctx); err != nil {
		return err
	}
	return steadily(func() error {
		node, err := find(ctx, where)
		if err != nil {
			return err
		}
		markup, err := dom.GetOuterHTML().WithNodeID(node).Do(ctx)
		if err == nil && !strings.Contains(markup, says) {
			err = fmt.Errorf("the page says %s", markup)
		}
		return err
	})
}
