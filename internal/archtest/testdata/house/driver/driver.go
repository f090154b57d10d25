// Package driver stands for a third-party module.
package driver
