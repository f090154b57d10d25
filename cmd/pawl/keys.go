package main

import (
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/sealed"
)

// keyFlags say what is done to payloads on their way to the store. Keys are no flags: others could see them.
type keyFlags struct {
	KeyFile  string `help:"File with the keys that encrypt payloads, the current one first; PAWL_KEY holds keys themselves." env:"PAWL_KEY_FILE" placeholder:"FILE"`
	Compress bool   `help:"Compress payloads from 512 bytes on." env:"PAWL_COMPRESS"`
}

// keys are where the keys come from; nil where there are none.
func (k *keyFlags) keys(e *env) sealed.Source {
	if k.KeyFile != "" {
		return sealed.FromFile(k.KeyFile)
	}
	if text := e.getenv("PAWL_KEY"); text != "" {
		return sealed.FromText(text)
	}
	return nil
}

// seal opens payloads whatever was done to them, and seals those that are written as the flags say. Programs that open a
// store without package sealed can read what is neither compressed nor encrypted, so without flags nothing is.
func (k *keyFlags) seal(e *env, inner store.Opener) store.Opener {
	o := sealed.Options{Keys: k.keys(e), CompressAbove: -1}
	if k.Compress {
		o.CompressAbove = 0
	}
	return sealed.Open(inner, o)
}
