// Package util has a name that says nothing. // want "a package named util says nothing"
package util
