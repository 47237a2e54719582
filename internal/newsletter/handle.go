package newsletter

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"cairn/internal/audit"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/gateway"
	"cairn/internal/identity"
)

const (
	codeLasts = 15 * time.Minute
	mostTries = 5 // wrong codes until another one has to be asked for
)

// handleWords is what a reader is reached by.
var handleWords = map[Channel]string{ByText: "telephone number", ByChat: "chat name"}

// gateway is the operator's program that passes messages of a channel on; nil none.
func (n *Newsletters) gateway(c Channel) *gateway.Gateway {
	switch c {
	case ByText:
		return n.rooms.Texts
	case ByChat:
		return n.rooms.Chats
	}
	return nil
}

// GatewayReady reports whether this server passes on messages of a channel.
func (n *Newsletters) GatewayReady(c Channel) bool {
	g := n.gateway(c)
	return g != nil && g.Ready()
}

// handleIn is the number or name that an account proved, "" none.
func handleIn(tx *db.Tx, account string, c Channel) (handle string, err error) {
	err = tx.QueryRow(`SELECT handle FROM newsletter_handle WHERE player_id = $1 AND channel = $2`, account, string(c)).Scan(&handle)
	if fault.Of(err) == fault.NotFound {
		return "", nil
	}
	return handle, err
}

// Handle returns the number or name of an account, masked, and whether it was proved; "" none. One that waits for its code is
// shown only where none is proved.
func (n *Newsletters) Handle(ctx context.Context, account string, c Channel) (masked string, proved bool, err error) {
	var handle, asked string
	var at int64
	err = n.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		return tx.QueryRow(`SELECT handle, asked, asked_at FROM newsletter_handle WHERE player_id = $1 AND channel = $2`, account, string(c)).Scan(&handle, &asked, &at)
	})
	switch {
	case fault.Of(err) == fault.NotFound:
		return "", false, nil
	case err != nil:
		return "", false, err
	case handle != "":
		return maskedHandle(handle), true, nil
	case asked != "" && n.rooms.Now().Sub(time.UnixMicro(at)) < codeLasts:
		return maskedHandle(asked), false, nil
	}
	return "", false, nil
}

// maskedHandle shows enough for its owner to know it.
func maskedHandle(handle string) string {
	runes := []rune(handle)
	if len(runes) < 6 {
		return string(runes[:1]) + "…"
	}
	return string(runes[:3]) + "…" + string(runes[len(runes)-2:])
}

var telephone = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// plainHandle brings what was typed into one form.
func plainHandle(c Channel, to string) (string, error) {
	wrong := func(format string, args ...any) (string, error) {
		return "", &fault.Fault{Kind: fault.Invalid, Field: "to", Message: fmt.Sprintf(format, args...)}
	}
	to = strings.TrimSpace(to)
	switch c {
	case ByText:
		to = strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", "/", "", ".", "").Replace(to)
		if rest, found := strings.CutPrefix(to, "00"); found {
			to = "+" + rest
		}
		if !telephone.MatchString(to) {
			return wrong("Give the telephone number with its country, such as +49 170 1234567.")
		}
	case ByChat:
		if to == "" || len(to) > 100 || !utf8.ValidString(to) || strings.ContainsFunc(to, func(r rune) bool { return !unicode.IsPrint(r) }) {
			return wrong("Give the name by which you are known in the chat, at most 100 characters.")
		}
	default:
		return wrong("There is no such way to be told.")
	}
	return to, nil
}

// BeginHandle sends a code to a number or name that the actor says is theirs; the one of before holds until the code is typed in.
// Invalid, with the field "to"; Limited; Unavailable where this server passes nothing on.
func (n *Newsletters) BeginHandle(ctx context.Context, a identity.Actor, c Channel, to string) error {
	to, err := plainHandle(c, to)
	if err != nil {
		return err
	}
	if !n.GatewayReady(c) {
		return fault.New(fault.Unavailable, "This server passes on no such messages yet: whoever runs it has to set a gateway.")
	}
	if err := n.rooms.Identity.Take("handle", a.Account, digest(to)); err != nil {
		return err
	}
	drawn, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return fmt.Errorf("drawing a code: %w", err)
	}
	code := fmt.Sprintf("%06d", drawn)
	err = n.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		if err := n.rooms.Identity.Still(tx, a.Account); err != nil {
			return err
		}
		_, err := tx.Exec(`INSERT INTO newsletter_handle (player_id, channel, handle, proved_at, asked, code, tries, asked_at) VALUES ($1, $2, '', 0, $3, $4, 0, $5)
			ON CONFLICT (player_id, channel) DO UPDATE SET asked = $3, code = $4, tries = 0, asked_at = $5`,
			a.Account, string(c), to, codeDigest(a.Account, to, code), n.rooms.Now().UnixMicro())
		return err
	})
	if err != nil {
		return err
	}
	return n.gateway(c).Deliver(ctx, gateway.Message{ID: "code " + uuid.NewString(), To: to, Text: "Cairn: your code is " + code + ". It is good for 15 minutes. If you did not ask for it, do nothing."})
}

// codeDigest is how a code is kept.
func codeDigest(account, to, code string) string { return digest(account + " " + to + " " + code) }

// ConfirmHandle takes the code. Invalid, with the field "code", where it is another or too late.
func (n *Newsletters) ConfirmHandle(ctx context.Context, a identity.Actor, c Channel, code string) error {
	var refused error
	err := n.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		refused = &fault.Fault{Kind: fault.Invalid, Field: "code", Message: "That is not the code, or it is over: ask for another one."}
		var asked, kept string
		var tries, at int64
		err := tx.QueryRow(`SELECT asked, code, tries, asked_at FROM newsletter_handle WHERE player_id = $1 AND channel = $2`, a.Account, string(c)).Scan(&asked, &kept, &tries, &at)
		if fault.Of(err) == fault.NotFound {
			return nil
		}
		now := n.rooms.Now()
		if err != nil || asked == "" || tries >= mostTries || now.Sub(time.UnixMicro(at)) >= codeLasts {
			return err
		}
		if subtle.ConstantTimeCompare([]byte(codeDigest(a.Account, asked, strings.TrimSpace(code))), []byte(kept)) != 1 {
			_, err := tx.Exec(`UPDATE newsletter_handle SET tries = tries + 1 WHERE player_id = $1 AND channel = $2`, a.Account, string(c))
			return err
		}
		refused = nil
		_, err = tx.Exec(`UPDATE newsletter_handle SET handle = asked, proved_at = $3, asked = '', code = '', tries = 0 WHERE player_id = $1 AND channel = $2`,
			a.Account, string(c), now.UnixMicro())
		if err != nil {
			return err
		}
		return n.rooms.Trail.Write(tx, audit.Event{Actor: a.Account, Player: a.Account, Verb: "newsletter.handle", Detail: map[string]string{"channel": string(c)}})
	})
	if err != nil {
		return err
	}
	return refused
}

// DropHandle takes the number or name off; what was told by it is told by mail again.
func (n *Newsletters) DropHandle(ctx context.Context, a identity.Actor, c Channel) error {
	return n.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		result, err := tx.Exec(`DELETE FROM newsletter_handle WHERE player_id = $1 AND channel = $2`, a.Account, string(c))
		if err != nil {
			return err
		}
		if gone, err := result.RowsAffected(); err != nil || gone == 0 {
			return err
		}
		if _, err := tx.Exec(`UPDATE newsletter_preference SET channel = $3, changed_at = $4 WHERE player_id = $1 AND channel = $2`,
			a.Account, string(c), string(ByMail), n.rooms.Now().UnixMicro()); err != nil {
			return err
		}
		return n.rooms.Trail.Write(tx, audit.Event{Actor: a.Account, Player: a.Account, Verb: "newsletter.handle.drop", Detail: map[string]string{"channel": string(c)}})
	})
}

// digest is under what something is kept that is only ever compared.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func truth(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}
