package newsletter

import (
	"context"

	"cairn/internal/identity"
)

// Ways returns the channels that an account can choose: mail and none always, text and chat where this server has a gateway and
// the account proved a number or name.
func (n *Newsletters) Ways(ctx context.Context, account string) ([]Channel, error) {
	return []Channel{ByMail, ByNobody}, nil
}

// GatewayReady reports whether this server passes on messages of a channel.
func (n *Newsletters) GatewayReady(c Channel) bool { return false }

// Handle returns the number or name of an account, masked, and whether it was proved; "" none.
func (n *Newsletters) Handle(ctx context.Context, account string, c Channel) (masked string, proved bool, err error) {
	return "", false, nil
}

// BeginHandle sends a code to a number or name that the actor says is theirs. Invalid, with the field "to"; Limited.
func (n *Newsletters) BeginHandle(ctx context.Context, a identity.Actor, c Channel, to string) error {
	panic("to be written")
}

// ConfirmHandle takes the code. Invalid, with the field "code", where it is another.
func (n *Newsletters) ConfirmHandle(ctx context.Context, a identity.Actor, c Channel, code string) error {
	panic("to be written")
}

// DropHandle takes the number or name off; what was told by it is told by mail again.
func (n *Newsletters) DropHandle(ctx context.Context, a identity.Actor, c Channel) error {
	panic("to be written")
}
