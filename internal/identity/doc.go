// Package identity knows who asks: accounts, how they sign in, where they are signed in, and the tokens of programs.
//
// An account is one person, known by addresses that the person proved to read, by passkeys, and by what OpenID Connect
// providers say. There are no passwords. The number of an account is the number of its owner's player record, on all boards.
//
// Every secret (link, session, token) is 256 random bits of which only the hash is kept. A link is good once, for fifteen
// minutes, in the browser that asked for it. What is absent, used, expired and not yours gets the same answer at the door.
// What somebody may do to a board is not known here.
package identity
