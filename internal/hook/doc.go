// Package hook tells other systems what happened on a board: webhooks by the Standard Webhooks specification, and messages in
// chats of Slack, Discord and Teams.
//
// A message is enqueued in the transaction of what it tells about, so that neither stands without the other, and is tried
// for three days; then it is dead until somebody sends it again. The same message has the same webhook-id however often it is
// tried. It says what anybody on the board may read, never more: no value of a metric that is not for all, no hidden player, no
// address. Requests leave by package reach alone. Secrets are sealed, never shown again, never logged.
//
// What is kept of a message is identifiers; its words are made anew each time it is sent, from what is there then. So whoever
// hides or erases themselves meanwhile is not told of.
package hook
