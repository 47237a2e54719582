// Package seal keeps secrets that have to be read again, such as the credentials of a source: sealed with the operator's key,
// so that a stolen database shows none.
//
// Each is sealed by AES-256-GCM under a key derived from the operator's, with a random nonce, and bound to what it is for, so
// that it opens nowhere else. Without a key nothing can be sealed. It keeps nothing itself and never logs what it seals.
package seal
