// Package pages holds no code: its tests run what docs/language and docs/cookbook.md show.
package pages
