// Package sqlstore is what the drivers of SQL databases share.
//
// The package must not know any one database, what entries mean or who drives it.
package sqlstore
