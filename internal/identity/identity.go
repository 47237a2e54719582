package identity

import (
	"cmp"
	"net/url"
	"strings"
	"time"

	"cairn/internal/audit"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/mail"
)

// Settings of the room.
type Settings struct {
	Base      string     // address of the server, "https://…"; its host is the name that passkeys are bound to
	Name      string     // of the server, as mails and passkeys say it; "" Cairn
	Providers []Provider // of OpenID Connect
}

// Identity is the room.
type Identity struct {
	db       *db.DB
	post     *mail.Post
	trail    *audit.Trail
	now      func() time.Time
	settings Settings
	limits   limits

	providers []*provider // in the order of the settings
}

// New builds the room; now is the only clock. Providers are asked for their metadata when first needed. Invalid where a
// setting cannot be.
func New(d *db.DB, post *mail.Post, trail *audit.Trail, now func() time.Time, s Settings) (*Identity, error) {
	s.Base, s.Name = strings.TrimSuffix(s.Base, "/"), cmp.Or(s.Name, "Cairn")
	if s.Base != "" {
		if base, err := url.Parse(s.Base); err != nil || base.Hostname() == "" || base.Scheme != "http" && base.Scheme != "https" {
			return nil, fault.New(fault.Invalid, "base_url is the address under which people reach this server, as https://cairn.example.org; %q is not.", s.Base)
		}
	}
	providers, err := newProviders(s)
	if err != nil {
		return nil, err
	}
	return &Identity{db: d, post: post, trail: trail, now: now, settings: s, providers: providers}, nil
}

// Link returns the full address of a path of this server.
func (i *Identity) Link(path string) string { return i.settings.Base + path }
