//go:build neverbuilt

package laws // want "pure code is built on no platform"
