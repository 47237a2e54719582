// Package job keeps durable work: enqueued in the caller's transaction, leased while it runs, retried by kind of fault.
//
// A job is enqueued with the change that causes it or not at all. It runs at least once, however the program ends; its key
// makes repeating it harmless. Any number of programs may share the work of one database.
package job
