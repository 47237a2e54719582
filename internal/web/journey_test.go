package web

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"cairn/internal/board"
)

// Journeys: what a reader does, in a real browser.

// browser starts Chromium for a test.
func browser(t *testing.T) context.Context {
	t.Helper()
	path := os.Getenv("CHROME_PATH")
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if path == "" {
			path, _ = exec.LookPath(name)
		}
	}
	if path == "" {
		t.Fatal("No Chromium was found: run make install, or set CHROME_PATH.")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.WSURLReadTimeout(time.Minute),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("hide-scrollbars", true), chromedp.UserDataDir(t.TempDir()))
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(func() { _ = chromedp.Cancel(ctx); stop() })
	if err := chromedp.Run(ctx); err != nil {
		t.Fatalf("starting %s: %v", path, err)
	}
	return ctx
}

// leaf opens a tab of the browser, in which nothing may be refused by the page's policy or go wrong in its console.
func leaf(t *testing.T, ctx context.Context, width int, scheme string) context.Context {
	t.Helper()
	ctx, stop := chromedp.NewContext(ctx)
	t.Cleanup(stop)
	ctx, late := context.WithTimeout(ctx, 20*time.Minute)
	t.Cleanup(late)
	var mu sync.Mutex
	var trouble []string
	chromedp.ListenTarget(ctx, func(event any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := event.(type) {
		case *cdplog.EventEntryAdded:
			if e.Entry.Level == cdplog.LevelError && !strings.Contains(e.Entry.Text, "status of 4") {
				trouble = append(trouble, e.Entry.Text)
			}
		case *runtime.EventExceptionThrown:
			trouble = append(trouble, e.ExceptionDetails.Text)
		}
	})
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		for _, text := range trouble {
			t.Errorf("the browser says: %s", text)
		}
	})
	run(t, ctx, appear(width, scheme))
	return ctx
}

// appear gives a tab a width and a scheme of colours.
func appear(width int, scheme string) chromedp.Tasks {
	return chromedp.Tasks{
		emulation.SetDeviceMetricsOverride(int64(width), 900, 1, width < 500),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}),
	}
}

func run(t *testing.T, ctx context.Context, actions ...chromedp.Action) {
	t.Helper()
	if err := chromedp.Run(ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

func text(t *testing.T, ctx context.Context, selector string) string {
	t.Helper()
	var found string
	run(t, ctx, chromedp.Text(selector, &found, chromedp.ByQuery))
	return strings.Join(strings.Fields(found), " ")
}

// follow clicks a link and waits for the page behind it.
func follow(t *testing.T, ctx context.Context, selector string) {
	t.Helper()
	response, err := chromedp.RunResponse(ctx, chromedp.Click(selector, chromedp.ByQuery))
	if err != nil {
		t.Fatalf("following %s: %v", selector, err)
	}
	if response != nil && response.Status != http.StatusOK {
		t.Fatalf("%s leads to %s: %d", selector, response.URL, response.Status)
	}
}

func TestJourney_Reader(t *testing.T) {
	w := newWorld(t)
	b := w.open(sheet(t, "public", ""), board.Settings{Name: "Harbour"}, people, 4)
	rel, err := w.releases.Latest(context.Background(), b)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(w.Handler)
	t.Cleanup(server.Close)
	ctx := browser(t)

	for _, view := range []struct {
		width  int
		scheme string
	}{{1280, "light"}, {390, "dark"}} {
		t.Run(fmt.Sprintf("from home to the verify line, %d %s", view.width, view.scheme), func(t *testing.T) {
			ctx := leaf(t, ctx, view.width, view.scheme)
			run(t, ctx, chromedp.Navigate(server.URL))
			follow(t, ctx, ".board-card h3 a")
			if got := text(t, ctx, "h1"); got != "Harbour" {
				t.Fatalf("the board is called %q", got)
			}
			follow(t, ctx, "#player-bo a")
			if got := text(t, ctx, "h1"); got != "Bo Ek" {
				t.Fatalf("the player is called %q", got)
			}
			run(t, ctx, chromedp.Click("#part-answers summary", chromedp.ByQuery), chromedp.WaitVisible("#part-answers table.parts", chromedp.ByQuery))
			if got := text(t, ctx, "#part-answers table.parts tbody"); !strings.Contains(got, "Answers") {
				t.Errorf("the opened stone says %q", got)
			}
			follow(t, ctx, `.stones a[href$="/methodology"]`)
			if got := text(t, ctx, "h1"); got != "How the score is made" {
				t.Fatalf("the methodology is called %q", got)
			}
			if got := text(t, ctx, ".command code"); got != "cairn verify sales-2026-W47-e1.zip --against "+rel.Digest {
				t.Errorf("the line is %q", got)
			}
		})
	}

	t.Run("with the keyboard alone", func(t *testing.T) {
		ctx := leaf(t, ctx, 1280, "light")
		run(t, ctx, chromedp.Navigate(server.URL+"/b/sales/players/ada"), chromedp.WaitReady("body"))
		type stop struct{ Tag, Text, Outline string }
		here := func() (s stop) {
			run(t, ctx, chromedp.Evaluate(`(() => { const e = document.activeElement, c = getComputedStyle(e);
				return {Tag: e.tagName, Text: (e.innerText || e.getAttribute("aria-label") || "").trim(), Outline: c.outlineStyle + " " + c.outlineWidth} })()`, &s))
			return s
		}
		press := func(key string) { run(t, ctx, chromedp.KeyEvent(key)) }
		press(kb.Tab)
		if got := here(); got.Text != "Skip to the content" {
			t.Fatalf("the first stop is %+v", got)
		}
		press(kb.Enter)
		if got := here(); got.Tag != "MAIN" {
			t.Fatalf("the skip link leads to %+v", got)
		}
		var stops []stop
		opened := false
		for range 80 {
			press(kb.Tab)
			s := here()
			if s.Tag == "BODY" {
				break
			}
			if s.Outline == "none 0px" || strings.HasPrefix(s.Outline, "none") {
				t.Errorf("the focus is not to be seen on %+v", s)
			}
			if s.Tag == "SUMMARY" && !opened {
				press(kb.Enter)
				run(t, ctx, chromedp.WaitVisible(".stack table.parts", chromedp.ByQuery))
				opened = true
			}
			stops = append(stops, s)
		}
		if !opened {
			t.Error("no stone could be opened")
		}
		for _, want := range []string{"Harbour", "Bundle", "How the score is made"} {
			if !slices.ContainsFunc(stops, func(s stop) bool { return s.Text == want }) {
				t.Errorf("%q cannot be reached: %+v", want, stops)
			}
		}
	})

	t.Run("without JavaScript", func(t *testing.T) {
		ctx := leaf(t, ctx, 1280, "light")
		run(t, ctx, emulation.SetScriptExecutionDisabled(true), page.Enable())
		path := "/"
		for _, step := range []struct{ selector, in string }{{".board-card h3 a", "main"}, {"#player-bo a", "main"}, {`.stones a[href$="/methodology"]`, "main"}, {".command code", "main"}} {
			markup := plainly(t, ctx, server.URL+path, step.selector)
			if strings.HasPrefix(step.selector, ".command") {
				if !strings.Contains(markup, rel.Digest) {
					t.Errorf("the verify line is %s", markup)
				}
				return
			}
			_, rest, _ := strings.Cut(markup, `href="`)
			path, _, _ = strings.Cut(rest, `"`)
		}
	})

	t.Run("a stone opens without JavaScript", func(t *testing.T) {
		ctx := leaf(t, ctx, 1280, "light")
		run(t, ctx, emulation.SetScriptExecutionDisabled(true))
		run(t, ctx, chromedp.ActionFunc(func(ctx context.Context) error {
			if err := load(ctx, server.URL+"/b/sales/players/bo"); err != nil {
				return err
			}
			var x, y float64
			if err := steadily(func() error {
				node, err := find(ctx, "#part-activity summary")
				if err != nil {
					return err
				}
				if err := dom.ScrollIntoViewIfNeeded().WithNodeID(node).Do(ctx); err != nil {
					return err
				}
				box, err := dom.GetBoxModel().WithNodeID(node).Do(ctx)
				if err == nil {
					x, y = (box.Content[0]+box.Content[2])/2, (box.Content[1]+box.Content[5])/2
				}
				return err
			}); err != nil {
				return err
			}
			for _, kind := range []input.MouseType{input.MousePressed, input.MouseReleased} {
				if err := input.DispatchMouseEvent(kind, x, y).WithButton(input.Left).WithClickCount(1).Do(ctx); err != nil {
					return err
				}
			}
			return steadily(func() error {
				table, err := find(ctx, "#part-activity table.parts")
				if err != nil {
					return err
				}
				box, err := dom.GetBoxModel().WithNodeID(table).Do(ctx) // fails while the table is not drawn
				if err == nil && box.Height == 0 {
					err = fmt.Errorf("the stone stays closed")
				}
				return err
			})
		}))
	})
}

// plainly loads a page and returns the markup of an element, asking the browser's document, not a script.
func plainly(t *testing.T, ctx context.Context, address, selector string) (markup string) {
	t.Helper()
	run(t, ctx, chromedp.ActionFunc(func(ctx context.Context) error {
		if err := load(ctx, address); err != nil {
			return err
		}
		return steadily(func() error {
			node, err := find(ctx, selector)
			if err != nil {
				return err
			}
			markup, err = dom.GetOuterHTML().WithNodeID(node).Do(ctx)
			return err
		})
	}))
	return markup
}

// steadily tries again for a while: the browser renumbers its nodes while a page settles.
func steadily(try func() error) (err error) {
	for range 2400 { // two minutes
		if err = try(); err == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return err
}

// load goes to a page and waits until it is there.
func load(ctx context.Context, address string) error {
	loaded := make(chan struct{}, 1)
	listening, stop := context.WithCancel(ctx)
	defer stop()
	chromedp.ListenTarget(listening, func(event any) {
		if _, ok := event.(*page.EventLoadEventFired); ok {
			select {
			case loaded <- struct{}{}:
			default:
			}
		}
	})
	if _, _, failure, _, err := page.Navigate(address).Do(ctx); err != nil || failure != "" {
		return fmt.Errorf("loading %s: %s %w", address, failure, err)
	}
	select {
	case <-loaded:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func find(ctx context.Context, selector string) (cdp.NodeID, error) {
	root, err := dom.GetDocument().Do(ctx)
	if err != nil {
		return 0, err
	}
	node, err := dom.QuerySelector(root.NodeID, selector).Do(ctx)
	if err == nil && node == 0 {
		err = fmt.Errorf("%s is not on the page", selector)
	}
	return node, err
}

// shelf serves the storybook as the site serves its pages.
func shelf(t *testing.T, b *book) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /story/{name}", func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(b.pages[r.PathValue("name")], "/static/passkey.js") {
			letModules(w)
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, b.pages[r.PathValue("name")])
	})
	for _, route := range routes {
		if strings.Contains(route.pattern, "/static/") || strings.Contains(route.pattern, "favicon") {
			mux.HandleFunc(route.pattern, func(w http.ResponseWriter, r *http.Request) { _ = route.handle(b.site, w, &visit{Request: r}) })
		}
	}
	server := httptest.NewServer(b.guard(mux))
	t.Cleanup(server.Close)
	return server
}

// main pages stand for their kind where every state would be too many.
var mainPages = []string{"home", "board", "player-first", "methodology-club", "archive"}

func TestStorybook_InTheBrowser(t *testing.T) {
	axe, err := os.ReadFile(filepath.Join("..", "..", "test", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal("axe-core is not there: run npm ci --prefix test (make install does).")
	}
	b := drawAll(t)
	server := shelf(t, b)
	few := slices.Concat(mainPages, doorKinds, []string{"new", "step-1-refused", "step-3"}, managePages)
	checks := []struct {
		what   string // is expected of a page
		width  int
		scheme string
		pages  []string
		script string // tells what is wrong
	}{
		{"axe finds nothing", 1280, "light", append([]string{"home-empty", "home-fresh", "home-mine", "home-mine-none", "board-one", "board-nobody", "board-crowd", "board-unreleased", "board-erratum", "board-superseded", "player-hostile", "player-rtl",
			"player-unscored", "player-bridge", "player-only", "player-points", "methodology-power", "methodology-newer", "archive-empty", "error"}, slices.Concat(mainPages, doorPages, newPages, managePages, guildPages, outwardPages)...), axeScript},
		{"axe finds nothing", 1280, "dark", few, axeScript},
		{"axe finds nothing", 390, "light", few, axeScript},
		{"axe finds nothing", 390, "dark", []string{"board-erratum", "player-bridge"}, axeScript},
		{"nothing needs scrolling sideways", 320, "light", b.order, sidewaysScript},
		{"nothing needs scrolling sideways", 390, "light", mainPages, sidewaysScript},
		{"nothing needs scrolling sideways", 768, "light", mainPages, sidewaysScript},
		{"nothing needs scrolling sideways", 1024, "light", mainPages, sidewaysScript},
		{"nothing needs scrolling sideways", 1600, "light", mainPages, sidewaysScript},
	}
	tab := leaf(t, browser(t), 1280, "light")
	// read opens a page once, holds it in every light in which it is to be seen, and returns what is wrong with it.
	read := func(t *testing.T, name string, everything bool) (wrong []string) {
		t.Helper()
		run(t, tab, chromedp.Navigate(server.URL+"/story/"+name),
			chromedp.Evaluate(`document.querySelectorAll("details").forEach(d => d.open = true)`, nil),
			chromedp.Evaluate(string(axe)+`; ""`, nil))
		for _, c := range checks {
			if !everything && !slices.Contains(c.pages, name) {
				continue
			}
			var said string
			run(t, tab, appear(c.width, c.scheme), chromedp.Evaluate(c.script, &said, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
			if said != "" {
				wrong = append(wrong, fmt.Sprintf("%s, %d %s: %s", c.what, c.width, c.scheme, said))
			}
		}
		return wrong
	}

	// A check that finds nothing must be able to find something.
	b.pages["planted"] = `<!doctype html><html><meta name="viewport" content="width=device-width"><title></title><main><img src="/favicon.svg"><svg width="1700" height="1"></svg></main></html>`
	planted := read(t, "planted", true)
	for i, c := range checks {
		if len(planted) != len(checks) || c.script == axeScript && !(strings.Contains(planted[i], "image-alt") && strings.Contains(planted[i], "html-has-lang")) || c.script == sidewaysScript && !strings.Contains(planted[i], "svg") {
			t.Fatalf("planted faults are overlooked: %q", planted)
		}
		for _, name := range c.pages {
			if _, drawn := b.pages[name]; !drawn {
				t.Errorf("there is no page %s to look at", name)
			}
		}
	}
	for _, name := range b.order {
		t.Run(name, func(t *testing.T) {
			for _, wrong := range read(t, name, false) {
				t.Error(wrong)
			}
		})
	}
}

// axeScript runs axe-core, which is there, on a page and returns what it finds, a line each.
const axeScript = `axe.run({resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(r => r.violations.map(
	v => v.id + ": " + v.help + " " + v.nodes.slice(0, 3).map(n => n.html + " (" + n.failureSummary + ")").join(" | ")).join("\n"))`

// sidewaysScript returns what makes a page wider than its window.
const sidewaysScript = `(() => {
	const page = document.documentElement;
	if (page.scrollWidth <= page.clientWidth) return "";
	for (const e of document.querySelectorAll("main *"))
		if (!e.closest(".wide, .command, .unseen") && e.getBoundingClientRect().right > page.clientWidth + 1) return e.outerHTML.slice(0, 200);
	return "something";
})()`
