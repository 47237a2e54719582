// Package identitytest runs a real OpenID Connect provider for tests, and visits it as a browser would.
package identitytest
