package app

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"cairn/internal/fault"
	"cairn/internal/mail"
)

// Reports of mail that did not arrive come in by a folder, into which a mail server puts them, or over HTTP. The folder belongs to this
// machine, so every program reads its own; no job does, which any other might take.

// looks is how often the folder is looked into.
const looks = time.Minute

// settled is how long a file has to lie still before it is read: whoever writes it may not be done.
const settled = 10 * time.Second

// keepsReports is for how long reports are kept that were read: they name addresses.
const keepsReports = 30 * 24 * time.Hour

// Where files go that were read, under the folder.
const (
	doneFolder  = "done"
	asideFolder = "aside" // what is no report, or of no message of ours
)

// watchBounces reads the folder until the context ends.
func (a *App) watchBounces(ctx context.Context, logger *slog.Logger) {
	if a.Config.Bounces == "" {
		return
	}
	tick := time.NewTicker(looks)
	defer tick.Stop()
	for {
		done, aside, err := a.ReadBounces(ctx)
		if err != nil && ctx.Err() == nil {
			logger.Warn("reports of mail that did not arrive cannot be read", "error", err)
		}
		if done+aside > 0 {
			logger.Info("read reports of mail that did not arrive", "done", done, "aside", aside)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// ReadBounces reads what lies in the folder for reports, a Maildir or one of .eml files, and returns how many were noted and how many were
// put aside because they report nothing of ours. What cannot be noted now stays where it is, for the next time.
func (a *App) ReadBounces(ctx context.Context) (done, aside int, err error) {
	folder := a.Config.Bounces
	unreadable := func(err error) error {
		return fault.Wrap(fault.Unavailable, err, "mail_bounces: the folder %s cannot be read and changed; is it there, and may this user write to it?", folder)
	}
	places, suffix, patience := []string{folder}, ".eml", settled
	if info, err := os.Stat(filepath.Join(folder, "new")); err == nil && info.IsDir() { // a Maildir, whose files are whole
		places, suffix, patience = []string{filepath.Join(folder, "new"), filepath.Join(folder, "cur")}, "", 0
	}
	for _, name := range []string{doneFolder, asideFolder} {
		if err := a.clearReports(filepath.Join(folder, name)); err != nil {
			return 0, 0, unreadable(err)
		}
	}
	for _, place := range places {
		files, err := os.ReadDir(place)
		if err != nil && !(errors.Is(err, fs.ErrNotExist) && place != folder) {
			return done, aside, unreadable(err)
		}
		for _, file := range files {
			info, err := file.Info()
			if err != nil || !info.Mode().IsRegular() || !strings.HasSuffix(file.Name(), suffix) || a.Now().Sub(info.ModTime()) < patience {
				continue
			}
			path := filepath.Join(place, file.Name())
			ours, err := a.readBounce(ctx, path)
			if errors.Is(err, fs.ErrNotExist) { // another program was first
				continue
			}
			if err != nil {
				return done, aside, err
			}
			into := doneFolder
			if ours {
				done++
			} else {
				aside++
				into = asideFolder
			}
			if err := putAway(path, filepath.Join(folder, into)); err != nil {
				return done, aside, unreadable(err)
			}
		}
	}
	return done, aside, nil
}

// readBounce notes what a file reports; ours is false for what reports nothing of ours.
func (a *App) readBounce(ctx context.Context, path string) (ours bool, err error) {
	file, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer file.Close()
	b, err := a.Post.ReadBounce(file)
	if err == nil {
		err = a.noteBounce(ctx, b)
	}
	switch fault.Of(err) {
	case fault.Invalid, fault.NotFound:
		return false, nil
	}
	return err == nil, err
}

// noteBounce has a bounce noted. What is still being tried is none yet.
func (a *App) noteBounce(ctx context.Context, b mail.Bounce) error {
	if b.Why == "delay" {
		return nil
	}
	return a.Newsletters.Bounce(ctx, b)
}

// putAway moves a file into a folder, beside any of its name.
func putAway(path, folder string) error {
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	err = os.Rename(path, filepath.Join(folder, id.String()+"-"+filepath.Base(path)))
	if errors.Is(err, fs.ErrNotExist) { // another program was first
		return nil
	}
	return err
}

// clearReports deletes what was read long ago.
func (a *App) clearReports(folder string) error {
	files, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, file := range files {
		info, statErr := file.Info()
		if statErr == nil && info.Mode().IsRegular() && a.Now().Sub(info.ModTime()) > keepsReports {
			err = errors.Join(err, os.Remove(filepath.Join(folder, file.Name())))
		}
	}
	return err
}

// takeBounce takes a report over HTTP, from whoever shows the secret: a message (message/rfc822), the body of one (multipart/report),
// or {"token", "status"} or {"token", "complaint": true} as JSON.
func (a *App) takeBounce(w http.ResponseWriter, r *http.Request) {
	err := a.admitReporter(r)
	var b mail.Bounce
	if err == nil {
		b, err = a.sentBounce(r)
	}
	if err == nil {
		err = a.noteBounce(r.Context(), b)
	}
	switch f := (*fault.Fault)(nil); {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
		return
	case fault.Of(err) == fault.Unauthenticated:
		w.Header().Set("WWW-Authenticate", `Bearer realm="reports"`)
	case errors.As(err, &f) && f.Wait > 0:
		w.Header().Set("Retry-After", strconv.Itoa(int(f.Wait.Seconds())+1))
	}
	plainText(w, fault.Of(err).HTTP(), fault.Message(err)+"\n")
}

// admitReporter wants the secret of the settings. Who guesses is not let guess for long.
func (a *App) admitReporter(r *http.Request) error {
	if a.Config.Reporter == "" {
		return fault.New(fault.NotFound, "There is no page at this address.")
	}
	shown, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	given, want := sha256.Sum256([]byte(shown)), sha256.Sum256([]byte(a.Config.Reporter))
	if subtle.ConstantTimeCompare(given[:], want[:]) == 1 {
		return nil
	}
	if err := a.Identity.Take("report", r.RemoteAddr); err != nil {
		return err
	}
	return fault.New(fault.Unauthenticated, "Reports are taken from whoever sends \"Authorization: Bearer\" with bounce_secret.")
}

// sentBounce reads what was sent.
func (a *App) sentBounce(r *http.Request) (mail.Bounce, error) {
	kind := r.Header.Get("Content-Type")
	switch media, _, _ := mime.ParseMediaType(kind); media {
	case "message/rfc822":
		return a.Post.ReadBounce(r.Body)
	case "multipart/report":
		return a.Post.ReadBounce(io.MultiReader(strings.NewReader("Content-Type: "+kind+"\r\n\r\n"), r.Body))
	case "application/json":
		var told struct {
			Token     string `json:"token"`
			Status    string `json:"status"`
			Complaint bool   `json:"complaint"`
		}
		if err := json.NewDecoder(io.LimitReader(r.Body, 4<<10)).Decode(&told); err != nil {
			return mail.Bounce{}, fault.Wrap(fault.Invalid, err, "This is no JSON such as {\"token\": \"…\", \"status\": \"5.1.1\"}.")
		}
		return mail.Reported(told.Token, told.Status, told.Complaint)
	}
	return mail.Bounce{}, fault.New(fault.Invalid, "Send a report as message/rfc822, multipart/report or application/json.")
}
