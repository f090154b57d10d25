// Package orphan is in no line of the table.
package orphan
