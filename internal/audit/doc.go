// Package audit keeps the trail: who did what to which board or which person's record, and when.
//
// An event is written in the transaction of the change that it tells about, so that neither stands without the other. The
// trail is append-only: the database refuses to change or delete an event. It names people by the number of their account
// alone, so that nobody is left in it once their account is gone. It holds no secret and no measured value.
package audit
