package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"net/http"
	"strings"

	"cairn/internal/once"
)

// keptHeaders are those of an answer that belong to it, not to the connection.
var keptHeaders = []string{"Content-Type", "Content-Disposition", "Location", "Link", "ETag"}

// onceOnly answers a POST that carries a key once, and tells that answer again to whoever sends it again. Where nothing was
// done, since the server failed or was asked too often, the key is free again.
func (d *door) onceOnly(w http.ResponseWriter, r *http.Request, o operation, v *visit, handle http.HandlerFunc) {
	key := strings.Trim(strings.TrimSpace(r.Header.Get("Idempotency-Key")), `"`) // a string of RFC 8941, or bare
	if key == "" {
		handle(w, r)
		return
	}
	sent, err := io.ReadAll(r.Body) // it is in memory already
	if err != nil {
		d.refuse(w, r, o.id, err)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(sent))
	who := v.asker()
	before, err := d.Answers.Begin(r.Context(), who, key, digest(r, sent))
	if err != nil {
		d.refuse(w, r, o.id, err)
		return
	}
	if before != nil {
		for name, values := range before.Header {
			w.Header()[name] = values
		}
		w.Header().Set("Idempotent-Replayed", "true")
		w.WriteHeader(before.Status)
		_, _ = w.Write(before.Body) // the asker may have gone
		return
	}
	late := context.WithoutCancel(r.Context()) // what was done is kept, though the asker may have gone
	c := &record{ResponseWriter: w, most: 64 << 20}
	done := false
	defer func() { // a stumble, too, frees the key
		if done {
			return
		}
		if err := d.Answers.Drop(late, who, key); err != nil {
			d.log.ErrorContext(late, "a key of a failed request is not free", "operation", o.id, "error", err.Error())
		}
	}()
	handle(c, r)
	if c.status == 0 {
		c.status = http.StatusOK
	}
	done = c.status < 500 && c.status != http.StatusTooManyRequests
	if v.actor.Account == "" && c.status >= 400 { // nothing was done, and nobody fills the disk with refusals
		done = false
	}
	if done {
		kept := once.Answer{Status: c.status, Header: http.Header{}, Body: c.body.Bytes(), Cut: c.through}
		for _, name := range keptHeaders {
			if values := w.Header().Values(name); len(values) > 0 {
				kept.Header[name] = values
			}
		}
		if err := d.Answers.Finish(late, who, key, kept); err != nil { // it will be told as begun and never finished
			d.log.ErrorContext(late, "an answer is not kept", "operation", o.id, "error", err.Error())
		}
	}
	c.send()
}

// digest is what makes a request the same: method, address and body.
func digest(r *http.Request, sent []byte) (sum [32]byte) {
	h := sha256.New()
	for _, part := range []string{r.Method, r.URL.RequestURI(), r.Header.Get("Content-Type"), ""} {
		_, _ = io.WriteString(h, part+"\n") // never fails
	}
	_, _ = h.Write(sent)
	h.Sum(sum[:0])
	return sum
}
