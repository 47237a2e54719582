// Package forgetest runs a real Gitea for tests: on a free port of this machine, in a folder of its own, gone when the test ends.
package forgetest
