package app

import (
	"net"
	"net/http"
	"net/url"
	"strings"

	"cairn/internal/board"
	"cairn/internal/fault"
)

// domains leads requests under the server's own name to own, and shows a board under the domain that its managers asked for and the operator
// allowed: what the public sees of it, of all that there is, for reading. Whoever comes that way is nobody, since no cookie is read; all else is led to the server's own name.
func (a *App) domains(own, all http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := hostOf(r)
		if isLocal(host) || a.isOwn(host) || !strings.Contains(host, ".") {
			own.ServeHTTP(w, r)
			return
		}
		b, err := a.Boards.ByDomain(r.Context(), host)
		if fault.Of(err) == fault.NotFound {
			own.ServeHTTP(w, r) // which says that the server does not go by that name
			return
		}
		if err != nil {
			plainText(w, http.StatusServiceUnavailable, "Not just now: load the page again in a moment.\n")
			return
		}
		home := "/b/" + url.PathEscape(b.Key)
		reads := r.Method == http.MethodGet || r.Method == http.MethodHead
		switch path := r.URL.Path; {
		case !reads:
			plainText(w, http.StatusMisdirectedRequest, "Nothing is sent under this name: go to "+a.Config.base()+".\n")
			return
		case path == "/":
			r = elsewhere(r, home)
		case path == home || strings.HasPrefix(path, home+"/") && !private(strings.TrimPrefix(path, home+"/")) || shared(path, b):
			r = elsewhere(r, path)
		case a.Config.base() == "":
			plainText(w, http.StatusNotFound, "There is nothing at this address.\n")
			return
		default:
			http.Redirect(w, r, a.Config.base()+r.URL.RequestURI(), http.StatusTemporaryRedirect)
			return
		}
		all.ServeHTTP(w, r)
	})
}

// isOwn reports whether a name is the server's own.
func (a *App) isOwn(name string) bool {
	own, err := url.Parse(a.Config.BaseURL)
	return err == nil && own.Hostname() != "" && strings.EqualFold(name, own.Hostname())
}

// private reports whether a page below a board is for somebody who is signed in: it has a place only under the server's own name.
func private(below string) bool {
	first, _, _ := strings.Cut(below, "/")
	switch first {
	case "manage", "membership", "coach", "tips", "help", "questions", "ask", "claim", "timeline":
		return true
	}
	return false
}

// shared reports whether a path is one of those that pages of a board need.
func shared(path string, b *board.Board) bool {
	return strings.HasPrefix(path, "/static/") || path == "/favicon.svg" || strings.HasPrefix(path, "/look/"+b.ID+"/") || strings.HasPrefix(path, "/embed/"+b.ID+"/")
}

// elsewhere is the request as nobody's, for another path, under a name that the server goes by.
func elsewhere(r *http.Request, path string) *http.Request {
	address := *r.URL
	if path != address.Path { // else it stays as it was written: a slash within a name is none between two
		address.Path, address.RawPath = path, ""
	}
	r = r.Clone(r.Context())
	r.URL = &address
	r.Header.Del("Cookie")
	r.Header.Del("Authorization")
	return r
}

// askDomain tells the proxy in front whether a certificate is wanted for a name.
func (a *App) askDomain(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("domain")
	if a.isOwn(name) {
		plainText(w, http.StatusOK, "ours\n")
		return
	}
	_, err := a.Boards.ByDomain(r.Context(), name)
	switch {
	case err == nil:
		plainText(w, http.StatusOK, "a board's\n")
	case fault.Of(err) == fault.NotFound:
		plainText(w, http.StatusNotFound, "none of ours\n")
	default:
		plainText(w, http.StatusServiceUnavailable, "not just now\n")
	}
}

// hostOf is the name that a request was sent to, without a port.
func hostOf(r *http.Request) string {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.Trim(host, "[]")
}
