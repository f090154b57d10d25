package main // want "the package has no doc comment"

import _ "example.com/house/door"

func main() {}
