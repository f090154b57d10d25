// Package port belongs to the machinery too.
package port
