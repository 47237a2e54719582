// Package boardtest builds boards and the rooms below them for tests, on a database of the test's own.
package boardtest
