package identity

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"cairn/internal/db"
	"cairn/internal/fault"
)

const passkeysMost = 20 // of one account

// Passkey is a key on a device of somebody's.
type Passkey struct {
	ID   string    `json:"id"` // UUIDv7
	Name string    `json:"name"`
	Made time.Time `json:"made"`
	Used time.Time `json:"used,omitzero"` // zero: never
}

// Ceremony is the first half of using a passkey: options for the browser, and the state that the second half needs, kept
// here for five minutes under a secret that goes into a cookie.
type Ceremony struct {
	Options json.RawMessage
	Secret  string
}

// keyOwner is an account as the library for passkeys knows it.
type keyOwner struct {
	handle, name string
	keys         []webauthn.Credential
}

func (o keyOwner) WebAuthnID() []byte                         { return []byte(o.handle) }
func (o keyOwner) WebAuthnName() string                       { return o.name }
func (o keyOwner) WebAuthnDisplayName() string                { return o.name }
func (o keyOwner) WebAuthnCredentials() []webauthn.Credential { return o.keys }

// relyingParty is this server as passkeys know it. They are bound to a host's name: to "localhost" where the server is
// reached only from its own machine, under whatever port; then the browser's word for the port is taken, since no other
// machine can be meant.
func (i *Identity) relyingParty(origin string) (*webauthn.WebAuthn, error) {
	name, origins := "localhost", []string{"http://localhost"}
	if base, err := url.Parse(i.settings.Base); err == nil && base.Host != "" {
		name, origins = base.Hostname(), []string{base.Scheme + "://" + base.Host}
	}
	if address, err := netip.ParseAddr(name); err == nil {
		if !address.IsLoopback() {
			return nil, fault.New(fault.Unavailable, "Passkeys need a server with a name: whoever runs this one has to set base_url to one that is not a number.")
		}
		name, origins = "localhost", []string{"http://localhost"}
	}
	if asked, err := url.Parse(origin); name == "localhost" && err == nil && asked.Hostname() == "localhost" {
		origins = []string{asked.Scheme + "://" + asked.Host}
	}
	return webauthn.New(&webauthn.Config{
		RPID: name, RPDisplayName: i.settings.Name, RPOrigins: origins,
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			RequireResidentKey: protocol.ResidentKeyRequired(),
			ResidentKey:        protocol.ResidentKeyRequirementRequired,
			UserVerification:   protocol.VerificationPreferred,
		},
	})
}

// BeginPasskey begins to add a passkey to the actor's account. Forbidden without a proof within ProofLasts, Conflict where
// there are too many.
func (i *Identity) BeginPasskey(ctx context.Context, a Actor) (Ceremony, error) {
	if err := i.mustBeProved(a); err != nil {
		return Ceremony{}, err
	}
	if err := i.Take("passkey", a.Account); err != nil {
		return Ceremony{}, err
	}
	owner := keyOwner{handle: a.Account}
	err := i.db.Read(ctx, func(tx *db.Tx) error {
		account, err := readAccount(tx, a.Account)
		if err != nil {
			return err
		}
		owner.name = i.settings.Name
		if len(account.Addresses) > 0 {
			owner.name = account.Addresses[0].Address
		}
		owner.keys, err = readKeys(tx, a.Account)
		return err
	})
	if err != nil {
		return Ceremony{}, err
	}
	if len(owner.keys) >= passkeysMost {
		return Ceremony{}, fault.New(fault.Conflict, "Your account has %d passkeys already: remove one first.", len(owner.keys))
	}
	party, err := i.relyingParty("")
	if err != nil {
		return Ceremony{}, err
	}
	exclude := make([]protocol.CredentialDescriptor, len(owner.keys))
	for n, key := range owner.keys {
		exclude[n] = key.Descriptor()
	}
	options, state, err := party.BeginRegistration(owner, webauthn.WithExclusions(exclude))
	if err != nil {
		return Ceremony{}, fmt.Errorf("beginning to add a passkey: %w", err)
	}
	return i.ceremony(ctx, addPasskey, a.Account, options, state)
}

func (i *Identity) ceremony(ctx context.Context, k kind, account string, options any, state *webauthn.SessionData) (c Ceremony, err error) {
	if c.Options, err = json.Marshal(options); err != nil {
		return Ceremony{}, fmt.Errorf("writing the options of a passkey: %w", err)
	}
	c.Secret, err = i.keep(ctx, k, account, state)
	return c, err
}

// readKeys returns the keys of an account.
func readKeys(tx *db.Tx, account string) (keys []webauthn.Credential, err error) {
	rows, err := tx.Query(`SELECT content FROM account_passkey WHERE account_id = $1 ORDER BY passkey_id`, account)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var content string
		if err := rows.Scan(&content); err != nil {
			return nil, err
		}
		var key webauthn.Credential
		if err := json.Unmarshal([]byte(content), &key); err != nil {
			return nil, fmt.Errorf("reading a passkey: %w", err)
		}
		keys = append(keys, key)
	}
	return keys, rows.Err()
}

// FinishPasskey adds it. Invalid where the browser's answer does not fit, Conflict where the key is known already;
// Unauthenticated where the ceremony is over.
func (i *Identity) FinishPasskey(ctx context.Context, a Actor, secret, name string, answer []byte) (Passkey, error) {
	name = strings.TrimSpace(name)
	if utf8.RuneCountInString(name) > 60 || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return Passkey{}, fault.Wrong("name", "A passkey's name is at most 60 characters on one line.")
	}
	var state webauthn.SessionData
	if err := i.takeUp(ctx, addPasskey, a.Account, secret, &state); err != nil {
		return Passkey{}, err
	}
	misfit := func(err error) (Passkey, error) {
		return Passkey{}, fault.Wrap(fault.Invalid, err, "The browser's answer does not fit what was asked, so no passkey was added. Try again.")
	}
	said, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return misfit(err)
	}
	party, err := i.relyingParty(said.Response.CollectedClientData.Origin)
	if err != nil {
		return Passkey{}, err
	}
	key, err := party.CreateCredential(keyOwner{handle: a.Account}, state, said)
	if err != nil {
		return misfit(err)
	}
	content, err := json.Marshal(key)
	if err != nil {
		return Passkey{}, fmt.Errorf("writing a passkey: %w", err)
	}
	id, err := newID()
	if err != nil {
		return Passkey{}, err
	}
	made := Passkey{ID: id, Name: cmp.Or(name, "Passkey"), Made: at(i.now().UnixMicro())}
	err = i.db.Write(ctx, func(tx *db.Tx) error {
		if err := i.Still(tx, a.Account); err != nil {
			return err
		}
		_, err := tx.Exec(`INSERT INTO account_passkey (passkey_id, credential_id, account_id, handle, name, content, made_at, used_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, 0)`,
			made.ID, credentialID(key.ID), a.Account, a.Account, made.Name, string(content), made.Made.UnixMicro())
		if err != nil {
			return err
		}
		return i.note(tx, a.Account, "passkey.add", nil)
	})
	if fault.Of(err) == fault.Conflict {
		return Passkey{}, fault.Wrap(fault.Conflict, err, "This passkey is known here already.")
	}
	if err != nil {
		return Passkey{}, err
	}
	return made, nil
}

func credentialID(id []byte) string { return base64.RawURLEncoding.EncodeToString(id) }

// BeginPasskeySignIn begins to sign in with a passkey that the browser knows of. Limited; Unavailable where this server
// cannot have passkeys.
func (i *Identity) BeginPasskeySignIn(ctx context.Context, from string) (Ceremony, error) {
	if err := i.Take("passkey", from); err != nil {
		return Ceremony{}, err
	}
	party, err := i.relyingParty("")
	if err != nil {
		return Ceremony{}, err
	}
	options, state, err := party.BeginDiscoverableLogin()
	if err != nil {
		return Ceremony{}, fmt.Errorf("beginning to sign in with a passkey: %w", err)
	}
	return i.ceremony(ctx, usePasskey, "", options, state)
}

// FinishPasskeySignIn signs in. Unauthenticated where the answer does not fit, or the passkey is not known here.
func (i *Identity) FinishPasskeySignIn(ctx context.Context, secret string, answer []byte, next string, on Device) (in SignIn, err error) {
	var state webauthn.SessionData
	if err := i.takeUp(ctx, usePasskey, "", secret, &state); err != nil {
		return SignIn{}, err
	}
	said, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return SignIn{}, unknownKey(err)
	}
	party, err := i.relyingParty(said.Response.CollectedClientData.Origin)
	if err != nil {
		return SignIn{}, err
	}
	cloned := false
	err = i.db.Write(ctx, func(tx *db.Tx) error {
		var id, account, handle, content string
		err := tx.QueryRow(`SELECT passkey_id, account_id, handle, content FROM account_passkey WHERE credential_id = $1`, credentialID(said.RawID)).
			Scan(&id, &account, &handle, &content)
		if fault.Of(err) == fault.NotFound {
			return unknownKey(err)
		}
		if err != nil {
			return err
		}
		var key webauthn.Credential
		if err := json.Unmarshal([]byte(content), &key); err != nil {
			return fmt.Errorf("reading a passkey: %w", err)
		}
		whose := func(_, _ []byte) (webauthn.User, error) {
			return keyOwner{handle: handle, keys: []webauthn.Credential{key}}, nil
		}
		_, used, err := party.ValidatePasskeyLogin(whose, state, said)
		if err != nil {
			return unknownKey(err)
		}
		if cloned = used.Authenticator.CloneWarning; cloned {
			return i.note(tx, account, "passkey.refuse", map[string]string{"why": "its counter went back, as that of a copy would"})
		}
		updated, err := json.Marshal(used)
		if err != nil {
			return fmt.Errorf("writing a passkey: %w", err)
		}
		if _, err := tx.Exec(`UPDATE account_passkey SET content = $1, used_at = $2 WHERE passkey_id = $3`, string(updated), i.now().UnixMicro(), id); err != nil {
			return err
		}
		in, err = i.begin(tx, account, "passkey", on)
		in.Next = LocalPath(next)
		return err
	})
	if err != nil {
		return SignIn{}, err
	}
	if cloned {
		return SignIn{}, fault.New(fault.Unauthenticated, "This passkey seems to have been copied, so it was refused. Sign in another way, remove it, and add a new one.")
	}
	return in, nil
}

func unknownKey(err error) error {
	return fault.Wrap(fault.Unauthenticated, err, "This passkey is not known here. Sign in another way; then you can add one.")
}

// Passkeys returns an account's passkeys, oldest first.
func (i *Identity) Passkeys(ctx context.Context, account string) (passkeys []Passkey, err error) {
	err = i.db.Read(ctx, func(tx *db.Tx) error {
		passkeys, err = readPasskeys(tx, account)
		return err
	})
	return passkeys, err
}

func readPasskeys(tx *db.Tx, account string) (passkeys []Passkey, err error) {
	rows, err := tx.Query(`SELECT passkey_id, name, made_at, used_at FROM account_passkey WHERE account_id = $1 ORDER BY made_at, passkey_id`, account)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var p Passkey
		var made, used int64
		if err := rows.Scan(&p.ID, &p.Name, &made, &used); err != nil {
			return nil, err
		}
		p.Made, p.Used = at(made), at(used)
		passkeys = append(passkeys, p)
	}
	return passkeys, rows.Err()
}

// RemovePasskey removes one; Conflict for the last way in, Forbidden without a proof within ProofLasts.
func (i *Identity) RemovePasskey(ctx context.Context, a Actor, id string) error {
	if err := i.mustBeProved(a); err != nil {
		return err
	}
	return i.db.Write(ctx, func(tx *db.Tx) error {
		if n, err := changed(tx.Exec(`DELETE FROM account_passkey WHERE passkey_id = $1 AND account_id = $2`, id, a.Account)); err != nil {
			return err
		} else if n == 0 {
			return fault.New(fault.NotFound, "Your account has no such passkey.")
		}
		// An address alone is a way in only where this server sends mail.
		if addresses, others, err := i.waysIn(tx, a.Account); err != nil {
			return err
		} else if others == 0 && (addresses == 0 || !i.Mails()) {
			return lastWayIn()
		}
		return i.note(tx, a.Account, "passkey.remove", nil)
	})
}
