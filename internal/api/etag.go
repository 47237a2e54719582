package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"hash/maphash"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// tagMost is the largest answer, in bytes, that is held back to give it a tag. A larger one goes out as it is written.
const tagMost = 8 << 20

// record holds an answer back until it is known whether it is to be sent, up to a size.
type record struct {
	http.ResponseWriter
	most    int
	status  int
	body    bytes.Buffer
	through bool // it is being sent
}

func (c *record) WriteHeader(status int) {
	if c.status == 0 {
		c.status = status
	}
}

func (c *record) Write(p []byte) (int, error) {
	c.WriteHeader(http.StatusOK)
	if !c.through && c.body.Len()+len(p) > c.most {
		c.send()
	}
	if c.through {
		return c.ResponseWriter.Write(p)
	}
	return c.body.Write(p)
}

// Unwrap lets http.ResponseController reach the writer below.
func (c *record) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// send sends what is held back.
func (c *record) send() {
	if c.through {
		return
	}
	c.through = true
	if c.status == 0 {
		c.status = http.StatusOK
	}
	c.ResponseWriter.WriteHeader(c.status)
	_, _ = c.body.WriteTo(c.ResponseWriter) // the asker may have gone
}

// tagged answers what is read: with its tag, and with nothing but that where the asker has it already.
func (d *door) tagged(w http.ResponseWriter, r *http.Request, o operation, handle http.HandlerFunc) {
	c := &record{ResponseWriter: w, most: tagMost}
	handle(c, r)
	if c.through {
		return
	}
	header := w.Header()
	if c.status == http.StatusOK {
		if chosen := r.URL.Query().Get("fields"); chosen != "" && d.fields[o.id] != nil {
			if err := c.choose(chosen, d.fields[o.id]); err != nil {
				d.refuse(w, r, o.id, err)
				return
			}
		}
		if header.Get("ETag") == "" {
			header.Set("ETag", tag(c.body.Bytes()))
		}
		if header.Get("Cache-Control") == "no-store" {
			header.Set("Cache-Control", "private, no-cache") // ask each time whether it is still so
		}
		header.Add("Vary", "Authorization")
		if matches(r.Header.Get("If-None-Match"), header.Get("ETag"), true) {
			header.Del("Content-Type")
			header.Del("Content-Disposition")
			c.status = http.StatusNotModified
			c.body.Reset()
		} else {
			header.Set("Content-Length", strconv.Itoa(c.body.Len()))
		}
	}
	c.send()
}

// tag is the strong ETag of a content.
func tag(content []byte) string {
	sum := sha256.Sum256(content)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
}

// matches reports whether a list of tags has one. Compared weakly, W/"x" is "x"; strongly it is no tag at all.
func matches(list, tag string, weakly bool) bool {
	if strings.TrimSpace(list) == "*" {
		return tag != ""
	}
	for one := range strings.SplitSeq(list, ",") {
		one = strings.TrimSpace(one)
		if weakly {
			one, tag = strings.TrimPrefix(one, "W/"), strings.TrimPrefix(tag, "W/")
		}
		if one != "" && one == tag {
			return true
		}
	}
	return false
}

// turns lets those who change one thing at this node go one after the other.
type turns [64]sync.Mutex

var spread = maphash.MakeSeed()

func (t *turns) of(path string) *sync.Mutex { return &t[maphash.String(spread, path)%uint64(len(t))] }

// unchanged lets a change through where what If-Match names is what the asker would read at this address now. Changes of one
// address wait for each other on this node; between nodes that share a database two may both have seen the same.
func (d *door) unchanged(w http.ResponseWriter, r *http.Request, o operation, handle http.HandlerFunc) {
	turn := d.turns.of(r.URL.Path)
	turn.Lock()
	defer turn.Unlock()
	if want := r.Header.Get("If-Match"); want != "" && !matches(want, d.current(r), false) {
		d.refuse(w, r, o.id, errUnseen)
		return
	}
	handle(w, r)
}

// insideKey marks a request of our own on somebody's behalf, which is not counted.
type insideKey struct{}

// current is the tag of what stands at the address of a request, "" where the asker can read nothing there.
func (d *door) current(r *http.Request) string {
	look := r.Clone(context.WithValue(r.Context(), insideKey{}, true))
	look.Method, look.Body, look.ContentLength, look.URL.RawQuery = http.MethodGet, http.NoBody, 0, ""
	for _, name := range []string{"If-Match", "If-None-Match", "Content-Type", "Content-Length"} {
		look.Header.Del(name)
	}
	seen := &memory{header: http.Header{}}
	d.rows.ServeHTTP(seen, look)
	if seen.status != http.StatusOK {
		return ""
	}
	return seen.header.Get("ETag")
}

// memory is an answer to ourselves, of which only the head counts.
type memory struct {
	header http.Header
	status int
}

func (m *memory) Header() http.Header { return m.header }

func (m *memory) WriteHeader(status int) {
	if m.status == 0 {
		m.status = status
	}
}

func (m *memory) Write(p []byte) (int, error) {
	m.WriteHeader(http.StatusOK)
	return len(p), nil
}
