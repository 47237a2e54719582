package player

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
)

// Profile is what a player says of themselves.
type Profile struct {
	Player  string // account
	Name    string // one line of at most 100 characters
	Bio     string // plain text of at most 2,000 characters
	Links   []Link // at most ten
	Picture bool   // there is one
	Zone    string // of the IANA database, "" none said
}

// Link is an address that a profile names.
type Link struct {
	Text    string `json:"text"`    // "" the host of the address
	Address string `json:"address"` // https only
}

const (
	mostName  = 100
	mostBio   = 2000
	mostLinks = 10
	mostLink  = 500 // bytes
)

// Profile returns a player's profile; empty where the player wrote none. Which part of it a board may show is the
// board's membership to say.
func (p *Players) Profile(ctx context.Context, account string) (profile Profile, err error) {
	err = p.db.Read(ctx, func(tx *db.Tx) error {
		profile, err = readProfile(tx, account)
		return err
	})
	return profile, err
}

func readProfile(tx *db.Tx, account string) (Profile, error) {
	p := Profile{Player: account}
	var links string
	err := tx.QueryRow(`SELECT name, bio, links, zone FROM player_profile WHERE player_id = $1`, account).Scan(&p.Name, &p.Bio, &links, &p.Zone)
	if err != nil && fault.Of(err) != fault.NotFound {
		return p, err
	}
	if err == nil {
		if err := json.Unmarshal([]byte(links), &p.Links); err != nil {
			return p, fmt.Errorf("reading the links of a profile: %w", err)
		}
	}
	var pictures int
	err = tx.QueryRow(`SELECT COUNT(*) FROM player_picture WHERE player_id = $1`, account).Scan(&pictures)
	p.Picture = pictures > 0
	return p, err
}

// Write changes the actor's own profile, all of it but the picture. Invalid, with the field.
func (p *Players) Write(ctx context.Context, a identity.Actor, profile Profile) error {
	if err := may(a, identity.WriteOwn); err != nil {
		return err
	}
	profile, err := profile.plain()
	if err != nil {
		return err
	}
	links, err := json.Marshal(profile.Links)
	if err != nil {
		return fmt.Errorf("writing links: %w", err)
	}
	return p.change(ctx, a, func(tx *db.Tx) error {
		if _, err := tx.Exec(`INSERT INTO player_profile (player_id, name, bio, links, zone, changed_at) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (player_id) DO UPDATE SET name = excluded.name, bio = excluded.bio, links = excluded.links, zone = excluded.zone,
				changed_at = excluded.changed_at`,
			a.Account, profile.Name, profile.Bio, string(links), profile.Zone, p.now().UnixMicro()); err != nil {
			return err
		}
		return p.note(tx, a, "profile.write", nil)
	})
}

// plain brings a profile into the form in which it is kept, or refuses it.
func (p Profile) plain() (Profile, error) {
	p.Name = strings.Join(strings.Fields(p.Name), " ")
	p.Bio = strings.TrimSpace(strings.ReplaceAll(p.Bio, "\r\n", "\n"))
	p.Zone = strings.TrimSpace(p.Zone)
	if err := checkText("name", "Your name", p.Name, mostName, ""); err != nil {
		return p, err
	}
	if err := checkText("bio", "What you say of yourself", p.Bio, mostBio, "\n\t"); err != nil {
		return p, err
	}
	if _, err := time.LoadLocation(p.Zone); err != nil || p.Zone == "Local" {
		return p, fault.Wrong("zone", "%q is no time zone: it reads like Europe/Berlin.", p.Zone)
	}
	if len(p.Links) > mostLinks {
		return p, fault.Wrong("links", "A profile has at most %d links; these are %d.", mostLinks, len(p.Links))
	}
	links := make([]Link, 0, len(p.Links))
	for _, l := range p.Links {
		l.Text, l.Address = strings.Join(strings.Fields(l.Text), " "), strings.TrimSpace(l.Address)
		if err := checkText("links", "The text of a link", l.Text, mostName, ""); err != nil {
			return p, err
		}
		if !isAddress(l.Address) {
			return p, fault.Wrong("links", "%.100q is no address for a link: it begins with https:// and has at most %d characters.", l.Address, mostLink)
		}
		if l.Text == "" {
			l.Text = hostOf(l.Address)
		}
		links = append(links, l)
	}
	p.Links = links
	return p, nil
}

// isAddress reports whether a text is an address that a page may lead to.
func isAddress(text string) bool {
	address, err := url.Parse(text)
	return err == nil && address.Scheme == "https" && address.Hostname() != "" && address.User == nil && len(text) <= mostLink && utf8.ValidString(text) &&
		!strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) })
}

func hostOf(address string) string {
	at, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return at.Hostname()
}

// checkText refuses what is no text, too long, or holds characters that no text needs: controls, and those that turn the
// direction of the text around them.
func checkText(field, what, text string, most int, allowed string) error {
	if !utf8.ValidString(text) {
		return fault.Wrong(field, "%s is no text in UTF-8.", what)
	}
	if n := utf8.RuneCountInString(text); n > most {
		return fault.Wrong(field, "%s has %d characters, and at most %d are kept.", what, n, most)
	}
	odd := func(r rune) bool {
		return (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) && !strings.ContainsRune(allowed, r)
	}
	if strings.ContainsFunc(text, odd) {
		return fault.Wrong(field, "%s holds a control character.", what)
	}
	return nil
}
